/**
 * Marks on whole slides: bulk simple annotations (PS3.3 C.37) and segmentations made on tiles, in pixels of the slide's largest level,
 * from the corner of its first pixel; drawn by one SVG that follows the picture.
 */
import { geometry, number } from './dicom.js';
import { levelsOf } from './slide.js';

const MOST = 20000;   // annotations of one object that are drawn
const NAMED = 300;    // numbers that stand beside them
const ROUND = 32;     // corners of an ellipse
const item = (dataset, ...tags) => tags.reduce((found, tag) => found?.[tag]?.Value?.[0], dataset);
const list = (dataset, tag) => dataset?.[tag]?.Value ?? [];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];

/** Numbers of a binary value, that stands in the metadata or has to be fetched: `fetchBytes(uri)`. Null when there is none. */
async function numbersOf(attribute, Kind, fetchBytes) {
  if (!attribute) return null;
  const bytes = attribute.InlineBinary !== undefined ? Uint8Array.from(atob(attribute.InlineBinary), (one) => one.charCodeAt(0)) : attribute.BulkDataURI ? await fetchBytes(attribute.BulkDataURI) : null;
  return bytes && new Kind(bytes.slice().buffer, 0, Math.floor(bytes.length / Kind.BYTES_PER_ELEMENT));
}

function roundOff([a, b, c, d]) {
  const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const [long, short] = [[a[0] - middle[0], a[1] - middle[1]], [c, d].map((_, axis) => (c[axis] - d[axis]) / 2)];
  return Array.from({ length: ROUND }, (_, i) => { const turn = (2 * Math.PI * i) / ROUND; return middle.map((n, axis) => n + long[axis] * Math.cos(turn) + short[axis] * Math.sin(turn)); });
}

/** Where the annotations of a group begin among its points; null when the index does not fit. */
function beginnings(kind, count, indices, size) {
  const each = { POINT: 1, RECTANGLE: 4, ELLIPSE: 4 }[kind];
  if (each) return Array.from({ length: Math.floor(count / each) }, (_, i) => i * each);
  const found = indices && Array.from(indices, (n) => (n - 1) / size);
  return found?.length && found[0] === 0 && found.every((n, i) => Number.isInteger(n) && n < count && (i === 0 || n > found[i - 1])) ? found : null;
}

/**
 * What an annotation object marks: {parts, entries: [{part, loops, open, dots}], left, space}. `space`: 'slide' when places are millimetres of the
 * slide, 'frame' when they count from a tile, else pixels of the level it was made on.
 */
export async function shapesOfAnnotations(dataset, fetchBytes) {
  const placed = item(dataset, '006A0001') === '3D';
  const space = placed ? 'slide' : item(dataset, '00480301') === 'FRAME' ? 'frame' : 'level';
  const groups = list(dataset, '006A0002');
  const parts = groups.map((group, i) => ({ number: item(group, '0040A180') ?? i + 1, label: item(group, '006A0005') || item(group, '006A000A', '00080104') || '' }));
  const entries = [];
  let [left, room] = [0, MOST];
  for (const [i, group] of groups.entries()) {
    const said = Number(item(group, '006A000C')) || 0;
    const flat = await numbersOf(group['00660022'], Float64Array, fetchBytes) ?? await numbersOf(group['00660016'], Float32Array, fetchBytes);
    const size = placed && group['006A0010'] === undefined ? 3 : 2;
    const points = flat ? Array.from({ length: Math.floor(flat.length / size) }, (_, n) => [flat[n * size], flat[n * size + 1]]) : [];
    const kind = item(group, '00700023');
    const starts = beginnings(kind, points.length, await numbersOf(group['00660040'], Uint32Array, fetchBytes), size);
    if (!starts?.length || !points.every((point) => point.every(Number.isFinite))) { left += said || 1; continue; }
    const taken = starts.slice(0, room);
    room -= taken.length;
    left += starts.length - taken.length;
    const loops = taken.map((start, n) => points.slice(start, starts[n + 1] ?? points.length)).map((loop) => (kind === 'ELLIPSE' ? roundOff(loop) : loop));
    if (kind === 'POINT') entries.push({ part: parts[i].number, dots: loops.map(([point]) => point), loops: [], references: [], placed: false });
    else if (loops.length) entries.push({ part: parts[i].number, open: kind === 'POLYLINE', loops, references: [], placed: false });
  }
  return { parts, entries, left, space };
}

/** {origin, across, down} of a level in millimetres of its slide: where its first pixel lies and what a step is; null when it does not say. */
function layOf(dataset) {
  const turned = list(dataset, '00480102').map(Number);
  const [down, across] = geometry(dataset, 'pixelSpacing');
  const origin = ['0040072A', '0040073A'].map((tag) => Number(item(dataset, '00480008', tag)));
  return turned.length === 6 && down > 0 && across > 0 && origin.every(Number.isFinite) ? { origin, down, across, right: turned.slice(0, 2), below: turned.slice(3, 5) } : null;
}

/** The same marks in pixels of the slide's largest level; those whose place on it cannot be known are left out and counted. */
export function onSlide(shapes, mark, datasets) {
  const levels = levelsOf(datasets);
  const top = levels.at(-1);
  const made = levels.find(({ instance }) => (mark.references ?? []).some((one) => one.instance === instance) || shapes.images?.includes(instance)) ?? top;
  const lay = layOf(datasets.find((dataset) => item(dataset, '00080018') === top.instance));
  const scaled = ([width, height]) => ([x, y]) => [(x * top.width) / width, (y * top.height) / height];
  let { left } = shapes;
  const entries = shapes.entries.flatMap((entry) => {
    const whole = entry.matrix ?? [made.width, made.height];
    let place = scaled(whole);
    if (shapes.space === 'slide') {
      place = lay && (([x, y]) => { const way = [x - lay.origin[0], y - lay.origin[1]]; return [dot(way, lay.right) / lay.across + 0.5, dot(way, lay.below) / lay.down + 0.5]; });
    } else if (shapes.space === 'frame' && (made.width > made.tileWidth || made.height > made.tileHeight)) place = null;
    if (!place || (entry.placed && !entry.corner)) { left += entry.loops.length + (entry.dots?.length ?? 0); return []; }
    const [dx, dy] = entry.corner ?? [0, 0];
    const moved = (point) => place([point[0] + dx, point[1] + dy]);
    return [{ part: entry.part, open: entry.open, loops: entry.loops.map((loop) => loop.map(moved)), dots: entry.dots?.map(moved) ?? [], references: [], placed: false }];
  });
  return { ...shapes, entries, left, slide: true };
}

const node = (name, attributes, text = '') => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, content] of Object.entries(attributes)) made.setAttribute(key, content);
  made.textContent = text;
  return made;
};
const path = (loops, end) => loops.map((loop) => `M${loop.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join('L')}${end}`).join('');

/** The layer over a slide: `draw(list)` takes what `app.shapes` holds for it; it follows every move of the picture. */
export function layerOver(host, viewer, colours) {
  const marks = node('g', {});
  const names = node('g', {});
  const svg = node('svg', { class: 'co-v-slide-marks', 'aria-hidden': 'true' });
  svg.append(marks, names);
  host.append(svg);
  let spots = [];
  const follow = () => {
    const tiled = viewer.world.getItemAt(0);
    if (!tiled || !marks.childNodes.length) return;
    const box = host.getBoundingClientRect();
    const screen = (x, y) => { const found = tiled.imageToViewerElementCoordinates(viewer.viewport.getCenter(true).times(0).plus({ x, y })); return viewer.viewport.getFlip() ? [box.width - found.x, found.y] : [found.x, found.y]; };
    const [[ox, oy], [ax, ay], [bx, by]] = [screen(0, 0), screen(1000, 0), screen(0, 1000)];   // far apart: a pixel may be a thousandth of one on screen
    const [a, b, c, d] = [(ax - ox) / 1000, (ay - oy) / 1000, (bx - ox) / 1000, (by - oy) / 1000];
    marks.setAttribute('transform', `matrix(${a} ${b} ${c} ${d} ${ox} ${oy})`);
    for (const { text, at: [x, y] } of spots) {
      text.setAttribute('x', (a * x + c * y + ox).toFixed(1));
      text.setAttribute('y', (b * x + d * y + oy - 6).toFixed(1));
    }
  };
  for (const event of ['update-viewport', 'open', 'flip', 'rotate', 'resize']) viewer.addHandler(event, follow);
  return {
    draw(shown) {
      const drawn = shown.flatMap(({ entries, hidden, parts }) => entries.filter(({ part }) => !hidden.has(part)).map((entry) => ({ ...entry, order: parts.findIndex((one) => one.number === entry.part) % colours })));
      const lines = drawn.flatMap(({ loops, dots, open, order }) => [
        ...(loops.length ? [[path(loops, open ? '' : 'Z'), `co-v-shape--${order}${open ? ' co-v-shape--open' : ''}`]] : []),
        ...(dots.length ? [[dots.map(([x, y]) => `M${x.toFixed(2)} ${y.toFixed(2)}h0`).join(''), `co-v-shape--dots co-v-shape--${order}`]] : []),
      ]);
      marks.replaceChildren(...lines.flatMap(([d, kind]) => [node('path', { d, class: `co-v-shape-under ${kind}` }), node('path', { d, class: `co-v-shape ${kind}` })]));   // slides are bright: a dark edge
      const places = drawn.flatMap(({ part, loops, dots }) => [...dots, ...loops.map((loop) => loop.reduce((best, point) => (point[1] < best[1] ? point : best)))].map((at) => ({ part, at })));
      spots = places.slice(0, NAMED).map(({ part, at }) => ({ at, text: node('text', { class: 'co-v-shape-name' }, String(part)) }));
      names.replaceChildren(...spots.map(({ text }) => text));
      follow();
    },
  };
}

/** How many frames a segmentation in full tiling has, and where each lies: [{corner, part}]; none when it is not tiled so. */
export function fullTiling(dataset, parts, labelMap) {
  const [width, height, columns, rows] = [Number(item(dataset, '00480006')), Number(item(dataset, '00480007')), number(dataset, 'columns'), number(dataset, 'rows')];
  if (item(dataset, '00209311') !== 'TILED_FULL' || !(width > 0 && height > 0)) return [];
  const across = Math.ceil(width / columns);
  const each = across * Math.ceil(height / rows);
  return Array.from({ length: number(dataset, 'frames') || 1 }, (_, i) => ({ corner: [((i % each) % across) * columns, Math.floor((i % each) / across) * rows], part: labelMap ? undefined : parts[Math.floor(i / each)]?.number }));
}
