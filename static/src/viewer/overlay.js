/** The texts on an image window: whose, what, which, how; letters; scale; warnings. They never leave the screen. */
import { geometry, lossy, number, regionScale, sideOf, spacingOf, values } from './dicom.js';
import { el } from './dom.js';
import { gettext } from './i18n.js';
import { edges, edgesOfProjection, planeName } from './orientation.js';
import { planeLabel } from './planes.js';
import { windowOf } from './presets.js';

const SIDES = ['top', 'right', 'bottom', 'left'];

export function buildOverlay(pane) {
  const corner = (name) => el('div', { className: `co-v-corner co-v-corner--${name}` });
  pane.corners = { whose: corner('tl'), what: corner('tr'), which: corner('bl'), warnings: corner('br') };
  pane.edges = Object.fromEntries(SIDES.map((side) => [side, el('span', { className: `co-v-edge co-v-edge--${side}` })]));
  pane.scale = el('div', { className: 'co-v-scale', hidden: true }, el('span'), el('i'));
  pane.node.append(...Object.values(pane.corners), ...Object.values(pane.edges), pane.scale);
}

const lines = (node, rows) => {
  const wanted = rows.filter(Boolean);
  if (node.dataset.text === wanted.join('\n')) return;
  node.dataset.text = wanted.join('\n');
  node.replaceChildren(...wanted.map((text) => el('span', { textContent: text })));
};

export function updateOverlay(pane) {
  const { series, corners } = pane;
  if (!series) return;
  const { study } = series;
  lines(corners.whose, [
    study.patient || gettext('Name not in the file'),
    [study.birthDate && gettext('born {date}', { date: study.birthDate }), study.sex].filter(Boolean).join(' · '),
    study.date || gettext('Date not in the file'), study.description,
  ]);
  const plane = pane.plane ? gettext('{plane} (reformatted)', { plane: planeLabel(pane.plane) }) : '';
  lines(corners.what, [[series.modality, series.number !== undefined && gettext('series {number}', { number: series.number })].filter(Boolean).join(' · '), series.name, plane, pane.image ? sideOf(pane.image.dataset) : '',
    pane.app.state?.isKey(pane.place) ? `★ ${gettext('starred')}` : '']);
  const viewport = pane.viewport;
  const shown = viewport && pane.ids.length && viewport.getCornerstoneImage?.();
  lines(corners.which, [shown && !shown.color && windowText(viewport), sliceText(pane), pane.ids.length && gettext('Image {n} of {count}', { n: pane.index + 1, count: pane.ids.length })]);
  lines(corners.warnings, warnings(pane));
  showEdges(pane, shown ? viewport : null);
  showScale(pane, shown ? viewport : null);
}

function windowText(viewport) {
  const { voiRange } = viewport.getProperties();
  if (!voiRange) return '';
  const { width, center } = windowOf(voiRange);
  const shown = (n) => (width < 20 ? n.toFixed(2) : Math.round(n));
  return `W ${shown(width)}  L ${shown(center)}`;
}

function sliceText(pane) {
  if (pane.reformatted || !pane.image) return '';
  const [thickness, location] = [number(pane.image.dataset, 'sliceThickness'), number(pane.image.dataset, 'sliceLocation')];
  return [thickness !== undefined && gettext('Slice {mm} mm', { mm: +thickness.toFixed(2) }), location !== undefined && gettext('at {mm} mm', { mm: +location.toFixed(1) })].filter(Boolean).join(' ');
}

export function warnings(pane) {
  if (!pane.image) return [];
  const loss = lossy(pane.image.dataset);
  return [
    loss && (loss.ratio ? gettext('Compressed with loss, {ratio} : 1', { ratio: +loss.ratio.toFixed(1) }) : gettext('Compressed with loss')),
    pane.mirrored && gettext('Mirrored'),
    pane.calibration === 'none' && gettext('No scale in this image: lengths are in pixels'),
    pane.calibration === 'detector' && gettext('Lengths are as on the detector, larger than in the body'),
  ];
}

/** Directions on screen from the viewport itself, so that turning and mirroring are right by construction. */
function showEdges(pane, viewport) {
  let found = {};
  const cosines = viewport ? orientation(viewport, pane) : [];
  const projection = viewport ? values(pane.image.dataset, 'patientOrientation').map(String) : [];
  const [origin, right, down] = viewport ? [[0, 0], [100, 0], [0, 100]].map((point) => viewport.canvasToWorld(point)) : [];
  if (origin) {                                                          // the CPU renderer has none before its first drawing
    const [toRight, toBottom] = [right, down].map((point) => point.map((n, axis) => n - origin[axis]));
    if (cosines.length === 6) found = edges(toRight, toBottom);
    else if (projection.length === 2) found = edgesOfProjection(projection, toRight, toBottom);
  }
  for (const side of SIDES) pane.edges[side].textContent = found[side] ?? '';
  pane.node.dataset.plane = planeName(cosines);
}

const orientation = (viewport, pane) => (pane.reformatted ? viewport.getImageData?.()?.direction?.slice(0, 6) ?? [] : geometry(pane.image.dataset, 'orientation'));

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200];
function showScale(pane, viewport) {
  const scale = !viewport ? 0 : spacingOf(pane.image.dataset).length ? 1 : regionScale(pane.image.dataset);   // without a spacing the renderer counts in pixels
  pane.scale.hidden = !scale;
  if (pane.scale.hidden) return;
  const [a, b] = [[0, 0], [100, 0]].map((point) => viewport.canvasToWorld(point));
  pane.scale.hidden = !a;
  if (!a) return;
  const mmPerPixel = (scale * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])) / 100;
  const limit = Math.min(160, pane.canvas.clientWidth / 4);
  const mm = STEPS.filter((step) => step / mmPerPixel <= limit).pop();
  pane.scale.hidden = !mm;
  if (!mm) return;
  pane.scale.firstChild.textContent = mm >= 10 ? `${mm / 10} cm` : `${mm} mm`;
  pane.scale.lastChild.style.width = `${mm / mmPerPixel}px`;
}
