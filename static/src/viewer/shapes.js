/**
 * What segmentations (PS3.3 C.8.20) and structure sets (C.8.8.6) outline: {parts: [{number, label}], entries: [{part, loops, …where}], left}.
 * Loops are in millimetres of the body where the object says where it lies, else in pixels of the image it was made on. Pure.
 */
import { fullTiling } from './slidemarks.js';

const item = (dataset, ...tags) => tags.reduce((found, tag) => found?.[tag]?.Value?.[0], dataset);
const list = (dataset, tag) => dataset?.[tag]?.Value ?? [];
const numbers = (dataset, tag) => list(dataset, tag).map(Number);

/** Borders between inside and outside as closed loops of pixel corners, holes too (turning the other way); corner 0, 0 is the image's own. */
export function outline(inside, columns, rows) {
  const next = new Map();   // corner: corners that a border leads to, inside to its right
  const edge = (x1, y1, x2, y2) => {
    const from = y1 * (columns + 1) + x1;
    const to = y2 * (columns + 1) + x2;
    const known = next.get(from);
    if (known) known.push(to); else next.set(from, [to]);
  };
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (!inside(y * columns + x)) continue;
      if (y === 0 || !inside((y - 1) * columns + x)) edge(x, y, x + 1, y);
      if (x === columns - 1 || !inside(y * columns + x + 1)) edge(x + 1, y, x + 1, y + 1);
      if (y === rows - 1 || !inside((y + 1) * columns + x)) edge(x + 1, y + 1, x, y + 1);
      if (x === 0 || !inside(y * columns + x - 1)) edge(x, y + 1, x, y);
    }
  }
  const loops = [];
  const point = (corner) => [corner % (columns + 1), Math.floor(corner / (columns + 1))];
  for (const start of next.keys()) {
    while (next.get(start)?.length) {
      const loop = [];
      let at = start;
      let way = 0;
      do {
        const to = next.get(at).pop();
        if (to - at !== way) loop.push(point(at));   // corners only, not every step of a straight border
        way = to - at;
        at = to;
      } while (at !== start);
      loops.push(loop);
    }
  }
  return loops;
}

/** Millimetres of a corner of a frame that lies at `origin` (the centre of its first pixel). */
function inBody(loops, { origin, cosines, spacing }) {
  const [down, across] = spacing;
  return loops.map((loop) => loop.map(([x, y]) => origin.map((n, axis) => n + cosines[axis] * (x - 0.5) * across + cosines[axis + 3] * (y - 0.5) * down)));
}

const source = (groups) => list(item(groups, '00089124'), '00082112').map((one) => ({ instance: item(one, '00081155'), frames: numbers(one, '00081160') }));

/** Of a segmentation; `frames(i)` gives the decoded values of frame i, from 0. A fractional one is outlined where at least half is filled. */
export function shapesOfSegmentation(dataset, frames) {
  const [columns, rows] = [item(dataset, '00280011'), item(dataset, '00280010')];
  const parts = list(dataset, '00620002').map((one) => ({ number: item(one, '00620004'), label: item(one, '00620005') || item(one, '0062000F')?.['00080104']?.Value?.[0] || '' }));
  const kind = item(dataset, '00620001');
  const least = kind === 'FRACTIONAL' ? (Number(item(dataset, '0062000E')) || 255) / 2 : 1;
  const shared = item(dataset, '52009229');
  const tiles = list(dataset, '52009230').length ? [] : fullTiling(dataset, parts, kind === 'LABELMAP');
  const groups = tiles.length ? tiles.map(() => ({})) : list(dataset, '52009230');
  const matrix = [item(dataset, '00480006'), item(dataset, '00480007')].map(Number);
  const entries = [];
  let left = 0;
  groups.forEach((group, i) => {
    const values = frames(i);
    if (!values) { left += 1; return; }
    const said = (sequence, tag) => { const own = numbers(item(group, sequence), tag); return own.length ? own : numbers(item(shared, sequence), tag); };
    const [origin, cosines, spacing] = [said('00209113', '00200032'), said('00209116', '00200037'), said('00289110', '00280030')];
    const placed = origin.length === 3 && cosines.length === 6 && spacing.length === 2;
    const references = source(group);
    const thick = said('00289110', '00180088')[0] || said('00289110', '00180050')[0] || 0;
    const found = kind === 'LABELMAP' ? [...new Set(values)].filter((n) => n > 0) : [tiles[i]?.part ?? item(group, '0062000A', '0062000B') ?? item(shared, '0062000A', '0062000B') ?? parts[0]?.number];
    for (const part of found) {
      const loops = outline(kind === 'LABELMAP' ? (at) => values[at] === part : (at) => values[at] >= least, columns, rows);
      const at = ['0048021E', '0048021F'].map((tag) => Number(item(group, '0048021A', tag)) - 1);
      const corner = tiles[i]?.corner ?? (at.every((n) => n >= 0) ? at : undefined);   // on a slide
      if (loops.length) entries.push({ part, references, thick, placed, columns, rows, corner, matrix: matrix.every((n) => n > 0) ? matrix : undefined, loops: placed ? inBody(loops, { origin, cosines, spacing }) : loops });
    }
  });
  return { parts, entries, left, frame: item(dataset, '00200052') ?? '' };
}

/** Of a radiotherapy structure set. Contours whose points were shortened on their way are left out and counted. */
export function shapesOfStructures(dataset) {
  const parts = list(dataset, '30060020').map((one) => ({ number: item(one, '30060022'), label: item(one, '30060026') ?? '' }));
  const entries = [];
  let left = 0;
  for (const roi of list(dataset, '30060039')) {
    for (const contour of list(roi, '30060040')) {
      const flat = numbers(contour, '30060050');
      const said = Number(item(contour, '30060046')) || 0;
      if (flat.length < 3 || flat.length % 3 || (said && said !== flat.length / 3)) { left += 1; continue; }
      const loop = Array.from({ length: flat.length / 3 }, (_, i) => flat.slice(3 * i, 3 * i + 3));
      const references = list(contour, '30060016').map((one) => ({ instance: item(one, '00081155'), frames: numbers(one, '00081160') }));
      entries.push({ part: item(roi, '30060084'), references, thick: 0, placed: true, open: item(contour, '30060042') !== 'CLOSED_PLANAR', loops: [loop] });
    }
  }
  return { parts, entries, left, frame: item(dataset, '30060010', '00200052') ?? item(dataset, '30060020', '30060024') ?? '' };
}

/** Series that a structure set or segmentation says it was made on. */
export function seriesNamed(dataset) {
  const planned = list(dataset, '30060010').flatMap((frame) => list(frame, '30060012')).flatMap((study) => list(study, '30060014'));
  return [...list(dataset, '00081115'), ...planned].map((series) => item(series, '0020000E')).filter(Boolean);
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const MM = 1;   // how far from a slice a contour without thickness may lie to be its own

/**
 * Entries that belong on an image: those that name it, else those whose loops lie in its plane. `plane`: as of space.js, or null; `place`: the
 * image's {instance, frame}, or null for planes that the viewer cut.
 */
export function entriesFor({ entries, frame }, place, plane) {
  return entries.filter(({ references, placed, loops, thick }) => {
    if (place && references.some(({ instance, frames }) => instance === place.instance && (!frames.length || frames.includes(place.frame)))) return true;
    if (!placed || !plane || (frame && plane.frame !== frame) || (place && references.length)) return false;
    const limit = thick ? thick * 0.51 : MM;
    return loops.every((loop) => loop.every((point) => Math.abs(dot(plane.normal, point) - dot(plane.normal, plane.origin)) <= limit));
  });
}
