/** Segmentations and structure sets over the images they were made on: fetched when asked for, drawn as numbered outlines. */
import { reason } from './api.js';
import { toScreen } from './canvas.js';
import { number, value } from './dicom.js';
import { gettext } from './i18n.js';
import { planeNow } from './links.js';
import { framesOf } from './packs.js';
import { entriesFor, seriesNamed, shapesOfSegmentation, shapesOfStructures } from './shapes.js';
import { onSlide, shapesOfAnnotations } from './slidemarks.js';

const list = (dataset, tag) => dataset[tag]?.Value ?? [];
const SVG = 'http://www.w3.org/2000/svg';
const MOST_FRAMES = 4000;
export const COLOURS = 8;
export const isShapes = (mark) => ['segmentation', 'rt_structures', 'annotations'].includes(mark.kind);
const parts = (mark) => mark.segments?.map(({ label, number: n }) => label || String(n)) ?? mark.structures ?? [];
/** "3 parts: liver, spleen, kidney". */
export const partsOf = (mark) => { const names = parts(mark); return names.length < 2 ? names[0] ?? '' : gettext('{n} parts: {names}', { n: names.length, names: `${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''}` }); };

async function fetchShapes(api, mark, studyUid) {
  const datasets = await api.metadata(studyUid, mark.series);
  const dataset = datasets.find((one) => value(one, 'sop') === mark.instance);
  if (!dataset) throw Object.assign(new Error('gone'), { status: 404 });
  if (mark.kind === 'annotations') return { ...(await shapesOfAnnotations(dataset, (uri) => api.bulk(uri))), named: seriesNamed(dataset), images: list(dataset, '00081140').map((one) => one['00081155']?.Value?.[0]) };
  if (mark.kind === 'rt_structures') return { ...shapesOfStructures(dataset), named: seriesNamed(dataset) };
  const before = datasets.slice(0, datasets.indexOf(dataset)).reduce((sum, one) => sum + (number(one, 'frames') || 1), 0);
  const count = Math.min(number(dataset, 'frames') || 1, MOST_FRAMES);
  const frames = await framesOf(api, studyUid, mark.series, mark.instance, before, count);
  const wide = Number(dataset['00280100']?.Value?.[0]) > 8;
  const values = (bytes) => bytes && (wide ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1) : bytes);
  return { ...shapesOfSegmentation(dataset, (i) => values(frames.get(i + 1))), named: seriesNamed(dataset) };
}

/** The series on the table that the outlines belong to: one they name, or one that holds an image they name, or one of the same body space. */
async function seriesFor(app, mark, shapes) {
  const study = app.catalog.studies.find((one) => one.series.some((series) => series.uid === mark.series));
  const named = [...shapes.named, ...(mark.references ?? []).map(({ series }) => series)].map((uid) => app.catalog.find(uid)).filter((one) => one && !one.other);
  const others = [app.active?.series, ...(study?.series ?? [])].filter((one) => one && !one.other);
  const wanted = new Set(shapes.images ?? shapes.entries.flatMap(({ references }) => references.map(({ instance }) => instance)));
  const inSpace = ({ dataset }) => shapes.frame && dataset['00200052']?.Value?.[0] === shapes.frame;
  for (const series of new Set([...named, ...others])) {
    await series.load().catch(() => null);
    if (series.slide && named.includes(series)) return series;
    if (series.slide?.some((one) => wanted.has(value(one, 'sop')))) return series;
    if (series.images.some((image) => wanted.has(image.place.instance) || inSpace(image))) return series;
  }
  return null;
}

/** Shows or takes off what a mark outlines. */
export async function toggleShapes(app, mark) {
  const shown = app.shapes.findIndex((one) => one.mark === mark);
  if (shown >= 0) { app.shapes.splice(shown, 1); app.update(); app.redrawLines(); return; }
  const name = mark.label || mark.description || partsOf(mark);
  const study = app.catalog.studies.find((one) => one.beside.marks.includes(mark));
  app.tell(gettext('Loading the outlines of “{name}”…', { name }));
  let shapes;
  try {
    shapes = await fetchShapes(app.api, mark, study.uid);
  } catch (error) {
    app.tell(gettext('The outlines of “{name}” could not be loaded: {reason}.', { name, reason: reason(error) }));
    return;
  }
  const series = await seriesFor(app, mark, shapes);
  if (!series) { app.tell(gettext('“{name}” outlines {parts}. The images it was made on are not among the studies opened here.', { name, parts: partsOf(mark) })); return; }
  if (series.slide) shapes = onSlide(shapes, mark, series.slide);
  app.shapes.push({ mark, series, ...shapes, hidden: new Set() });
  app.shapesOn = true;
  const pane = app.mpr ? app.active : app.panes.find((one) => one.series === series) ?? app.active;
  if (pane.series !== series) await pane.show(series);
  const now = shapes.slide || pane.place && entriesFor(shapes, pane.place, planeNow(pane)).length;
  if (!now && !pane.reformatted) {
    const at = middleOf(series, shapes, pane);
    if (at >= 0) await pane.goTo(at);
  }
  app.activate(pane);
  app.tell(shapes.left ? gettext('{n} outlines of “{name}” could not be drawn. The others are not affected.', { n: shapes.left, name }) : shapes.entries.length ? gettext('Outlines of “{name}” are shown. Shift K hides them and brings them back.', { name }) : gettext('“{name}” outlines nothing.', { name }));
  app.update();
  app.redrawLines();
}

/** Index of the image in the middle of those that are outlined. */
function middleOf(series, shapes, pane) {
  const planes = pane.planesFor === pane.ids ? pane.planes : [];
  const marked = series.images.map(({ place }, i) => (entriesFor(shapes, place, planes[i] ?? null).length ? i : -1)).filter((i) => i >= 0);
  return marked.length ? marked[Math.floor(marked.length / 2)] : -1;
}

const node = (name, attributes, text = '') => {
  const made = document.createElementNS(SVG, name);
  for (const [key, content] of Object.entries(attributes)) made.setAttribute(key, content);
  made.textContent = text;
  return made;
};

/** Nodes of all outlines that belong on what a window shows. Told apart by number as well as by colour. */
export function drawShapes(pane) {
  const { app, viewport } = pane;
  if (!app.shapesOn || !app.shapes.length || !viewport || !pane.ids.length) return [];
  const screen = toScreen(pane);
  if (!screen) return [];
  const plane = planeNow(pane);
  const half = app.cpu && plane ? plane.across.map((n, axis) => ((n * plane.columnSpacing) + plane.down[axis] * plane.rowSpacing) / 2) : [0, 0, 0];   // there a place is the corner of its pixel
  const image = pane.image?.dataset;
  return app.shapes.filter((one) => !one.slide).flatMap(({ entries, frame, hidden, parts: all }) => entriesFor({ entries, frame }, pane.place, plane).filter(({ part }) => !hidden.has(part)).flatMap((entry) => {
    const scale = entry.placed ? null : [number(image, 'columns') / entry.columns, number(image, 'rows') / entry.rows];
    const place = (point) => (scale ? screen([point[0] * scale[0], point[1] * scale[1]]) : viewport.worldToCanvas(point.map((n, axis) => n + half[axis])));
    const loops = entry.loops.map((loop) => loop.map(place)).filter((loop) => loop.every((point) => point?.every(Number.isFinite)));
    if (!loops.length) return [];
    const order = all.findIndex(({ number: n }) => n === entry.part);
    const d = loops.map((loop) => `M${loop.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}${entry.open ? '' : 'Z'}`).join('');
    const [x, y] = loops.flat().reduce((best, point) => (point[1] < best[1] ? point : best));
    return [node('path', { d, class: `co-v-shape co-v-shape--${order % COLOURS}${entry.open ? ' co-v-shape--open' : ''}` }), node('text', { x, y: y - 5, class: 'co-v-shape-name' }, String(entry.part))];
  }));
}
