/** Orders: of images in a series, and of what to load next. Pure. */
import { geometry, number, value } from './dicom.js';

const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Distance (mm) of a slice along the normal of its plane; undefined without geometry. */
export function sliceDistance(dataset) {
  const [o, p] = [geometry(dataset, 'orientation'), geometry(dataset, 'position')];
  return o.length === 6 && p.length === 3 ? dot(cross(o.slice(0, 3), o.slice(3)), p) : undefined;
}

/** By instance number (what reports quote), then place along the normal, then UID, so that the order never changes between visits. */
export function sortInstances(datasets) {
  const keyed = datasets.map((dataset) => [number(dataset, 'instanceNumber') ?? Infinity, sliceDistance(dataset) ?? Infinity, String(value(dataset, 'sop')), dataset]);
  const compare = (a, b) => (a === b ? 0 : a < b ? -1 : 1);
  return keyed.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]) || compare(a[2], b[2])).map((row) => row[3]);
}

/** Series by number, then description. */
export function sortSeries(list) {
  return [...list].sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity) || a.description.localeCompare(b.description) || a.uid.localeCompare(b.uid));
}

/** The index nearest to `current` for which `wanted(index)` holds; the one ahead wins a tie; -1 when there is none. */
export function nearest(count, current, wanted) {
  for (let away = 0; away < count; away += 1) {
    if (current + away < count && current + away >= 0 && wanted(current + away)) return current + away;
    if (current - away >= 0 && current - away < count && wanted(current - away)) return current - away;
  }
  return -1;
}

/**
 * Whether the image at an index is still to be asked for: in a pack with its neighbours, or by itself (`single`) because the server has no
 * packs of this series or the pack came without it. Never both: what no pack brings must not be asked of one again and again.
 */
export function missing({ images, loaded, failed, unpacked }, running, single) {
  return (i) => {
    const { id, alone } = images[i];
    return !failed.has(id) && !loaded.has(id) && !running.has(id) && Boolean(unpacked || alone) === single;
  };
}

/**
 * [from, to): the longest run of neighbours around `index`, at most `most`, all free and one after the other in the server's order too
 * (`order` of an image), so that one range of frames covers it.
 */
export function runAround(images, index, most, free) {
  if (!free(index)) return [index, index];
  let [from, to] = [index, index + 1];
  const joins = (a, b) => images[b].order - images[a].order === 1;
  while (to - from < most) {
    const before = to - from;
    if (to < images.length && free(to) && joins(to - 1, to)) to += 1;
    if (to - from < most && from > 0 && free(from - 1) && joins(from - 1, from)) from -= 1;
    if (to - from === before) break;
  }
  return [from, to];
}

/**
 * How well series `one` stands beside `current`: of another examination, of the same kind, region and name. The other side of the body
 * is no earlier picture of this one.
 */
export function likeness(one, current) {
  const other = one.study !== current?.study;
  const sides = other && one.side && current?.side ? (one.side === current.side ? 1 : -2) : 0;
  return other * 4 + (one.modality === current?.modality) * 2 + (one.region !== '' && one.region === current?.region) * 2 + (one.description === current?.description) + sides;
}

export const middle = (count) => Math.floor(count / 2);
