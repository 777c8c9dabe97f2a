/** Windows by modality: [name, width, center]. CT in Hounsfield units (usual departmental values); others come from the file. Pure. */
import { values } from './dicom.js';
import { gettext } from './i18n.js';

export const CT_PRESETS = [
  [gettext('Soft tissue'), 400, 40], [gettext('Lung'), 1500, -600], [gettext('Bone'), 2000, 400], [gettext('Brain'), 80, 40],
  [gettext('Liver'), 150, 60], [gettext('Angiography'), 600, 170], [gettext('Stroke'), 40, 40],
];

/** Where the numbers mean no unit (all but CT) a window is taken from the picture itself: shares of its pixels, darkest to brightest. */
const SHARES = () => [[gettext('Best contrast'), [0.01, 0.99]], [gettext('Dark parts'), [0.005, 0.6]], [gettext('Bright parts'), [0.6, 0.999]]];

/** Window between two shares of the sorted pixel values, in the modality's units (slope and intercept unless the pixels have them already). */
export function autoWindow(pixels, [low, high], image = {}) {
  const step = Math.max(1, Math.floor(pixels.length / 65536));
  const sample = Float64Array.from({ length: Math.floor(pixels.length / step) }, (_, i) => pixels[i * step]).sort();
  if (!sample.length) return null;
  const at = (share) => sample[Math.min(sample.length - 1, Math.round(share * (sample.length - 1)))];
  const scaled = image.preScale?.scaled ?? image.isPreScaled;
  const unit = (n) => (scaled ? n : n * (image.slope ?? 1) + (image.intercept ?? 0));
  const [lower, upper] = [unit(at(low)), unit(at(high))];
  return upper > lower ? windowOf({ lower, upper }) : null;
}

/** All windows to offer for one image: what the file says first, then the table, then its full range (width and center null). */
export function presetsFor(modality, dataset) {
  const [widths, centers, names] = ['windowWidth', 'windowCenter', 'windowNames'].map((name) => values(dataset, name));
  const stored = centers.map((center, i) => [String(names[i] || (centers.length > 1 ? gettext('As stored {number}', { number: i + 1 }) : gettext('As stored'))), Number(widths[i]), Number(center)])
    .filter(([, width, center]) => width >= 1 && Number.isFinite(center));
  const table = modality === 'CT' ? CT_PRESETS : [];
  const grey = !(Number(values(dataset, 'samples')[0]) > 1);
  const auto = modality === 'CT' || !grey ? [] : SHARES().map(([name, share]) => ({ name, width: null, center: null, share }));
  return [...[...stored, ...table].map(([name, width, center]) => ({ name, width, center })), ...auto, { name: gettext('Full range'), width: null, center: null }];
}

/** VOI range of a window and back, PS3.3 C.11.2.1.2.1 (LINEAR): the renderer counts in ranges, people in windows. */
export const rangeOf = ({ width, center }) => ({ lower: center - 0.5 - (width - 1) / 2, upper: center - 0.5 + (width - 1) / 2 });
export const windowOf = ({ lower, upper }) => ({ width: upper - lower + 1, center: (upper + lower + 1) / 2 });
