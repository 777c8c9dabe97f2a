/** Windows by modality: [name, width, center]. CT in Hounsfield units (usual departmental values); others come from the file. Pure. */
import { values } from './dicom.js';
import { gettext } from './i18n.js';

export const CT_PRESETS = [
  [gettext('Soft tissue'), 400, 40], [gettext('Lung'), 1500, -600], [gettext('Bone'), 2000, 400], [gettext('Brain'), 80, 40],
  [gettext('Liver'), 150, 60], [gettext('Angiography'), 600, 170], [gettext('Stroke'), 40, 40],
];

/** All windows to offer for one image: what the file says first, then the table, then its full range (width and center null). */
export function presetsFor(modality, dataset) {
  const [widths, centers, names] = ['windowWidth', 'windowCenter', 'windowNames'].map((name) => values(dataset, name));
  const stored = centers.map((center, i) => [String(names[i] || (centers.length > 1 ? gettext('As stored {number}', { number: i + 1 }) : gettext('As stored'))), Number(widths[i]), Number(center)])
    .filter(([, width, center]) => width >= 1 && Number.isFinite(center));
  const table = modality === 'CT' ? CT_PRESETS : [];
  return [...stored, ...table, [gettext('Full range'), null, null]].map(([name, width, center]) => ({ name, width, center }));
}

/** VOI range of a window and back, PS3.3 C.11.2.1.2.1 (LINEAR): the renderer counts in ranges, people in windows. */
export const rangeOf = ({ width, center }) => ({ lower: center - 0.5 - (width - 1) / 2, upper: center - 0.5 + (width - 1) / 2 });
export const windowOf = ({ lower, upper }) => ({ width: upper - lower + 1, center: (upper + lower + 1) / 2 });
