/** When slices make a straight block, and cutting that block another way. Pure: arrays in, arrays out. */
import { geometry, number } from './dicom.js';

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/**
 * Why a series cannot be cut in other planes ('few', 'frames', 'colour', 'geometry', 'mixed', 'tilted', 'uneven'), or its block:
 * order (indexes, top of the body first), normal, row and column cosines, columns, rows, spacing [x, y, z] in mm, origin of the top slice.
 */
export function block(images) {
  if (images.length < 4) return { refused: 'few' };
  if (images.some(({ dataset }) => (number(dataset, 'frames') || 1) > 1)) return { refused: 'frames' };
  if (images.some(({ dataset }) => (number(dataset, 'samples') ?? 1) !== 1)) return { refused: 'colour' };
  const [first] = images;
  const cosines = geometry(first.dataset, 'orientation');
  const spacing = geometry(first.dataset, 'pixelSpacing');
  const places = images.map(({ dataset }) => geometry(dataset, 'position'));
  if (cosines.length !== 6 || spacing.length < 2 || places.some((p) => p.length !== 3)) return { refused: 'geometry' };
  const same = ({ dataset }) => number(dataset, 'rows') === number(first.dataset, 'rows') && number(dataset, 'columns') === number(first.dataset, 'columns')
    && geometry(dataset, 'orientation').every((c, i) => Math.abs(c - cosines[i]) < 1e-3)
    && geometry(dataset, 'pixelSpacing').every((s, i) => Math.abs(s - spacing[i]) < 1e-3);
  if (!images.every(same)) return { refused: 'mixed' };
  const [across, down] = [cosines.slice(0, 3), cosines.slice(3)];
  const normal = cross(across, down);
  const order = [...images.keys()].sort((a, b) => dot(places[b], normal) - dot(places[a], normal));
  const steps = order.slice(1).map((index, i) => places[order[i]].map((n, axis) => n - places[index][axis]));
  const gaps = steps.map((step) => dot(step, normal));
  const gap = gaps.reduce((sum, g) => sum + g, 0) / gaps.length;
  if (!(gap > 0.01) || gaps.some((g) => Math.abs(g - gap) > Math.max(0.05, gap * 0.05))) return { refused: 'uneven' };
  if (steps.some((step) => Math.hypot(dot(step, across), dot(step, down)) > Math.max(0.05, gap * 0.02))) return { refused: 'tilted' };
  return {
    order, normal, across, down, spacing: [spacing[1], spacing[0], gap], origin: places[order[0]],
    columns: number(first.dataset, 'columns'), rows: number(first.dataset, 'rows'),
  };
}

const add = (a, b, scale) => a.map((n, axis) => n + b[axis] * scale);

/** 'coronal@30~10': a plane, degrees that it is turned about the body's long axis, millimetres that it is thick (brightest value of them). */
export function readPlane(name) {
  const [, base, turn = '0', thick = '0'] = /^(axial|sagittal|coronal)(?:@(-?\d+))?(?:~(\d+))?$/.exec(name) ?? [null, 'axial'];
  return { base, turn: Number(turn), thick: Number(thick) };
}
export const writePlane = ({ base, turn = 0, thick = 0 }) => `${base}${turn ? `@${turn}` : ''}${thick ? `~${thick}` : ''}`;

/** Of a turned plane: pixel size, side in pixels, direction along and across it in the (columns, rows) of the slices, in mm. */
function turned({ columns, rows, spacing }, { base, turn }) {
  const size = Math.min(spacing[0], spacing[1]);
  const side = Math.ceil(Math.hypot(columns * spacing[0], rows * spacing[1]) / size);
  const angle = ((base === 'sagittal' ? 90 : 0) + turn) * (Math.PI / 180);
  return { size, side, along: [Math.cos(angle), Math.sin(angle)], off: [-Math.sin(angle), Math.cos(angle)] };
}

/** Size and place of plane `k` ('sagittal': constant column, 'coronal': constant row, as if the source is axial), top of the body first. */
export function planeOf(block, name, k) {
  const { order, normal, across, down, spacing, origin, columns, rows } = block;
  const plane = readPlane(name);
  if (plane.base === 'axial') {
    return { width: columns, height: rows, count: order.length, step: spacing[2], columnSpacing: spacing[0], rowSpacing: spacing[1], cosines: [...across, ...down], position: add(origin, normal, -k * spacing[2]) };
  }
  if (plane.turn) {
    const { size, side, along, off } = turned(block, plane);
    const inBody = ([x, y]) => add(across.map((n) => n * x), down, y);
    const middle = add(add(origin, across, ((columns - 1) / 2) * spacing[0]), down, ((rows - 1) / 2) * spacing[1]);
    const position = add(add(middle, inBody(along), (-(side - 1) / 2) * size), inBody(off), (k - (side - 1) / 2) * size);
    return { width: side, height: order.length, count: side, step: size, columnSpacing: size, rowSpacing: spacing[2], cosines: [...inBody(along), ...normal.map((n) => -n)], position };
  }
  const sagittal = plane.base === 'sagittal';
  const [along, step, size] = sagittal ? [down, across, spacing[0]] : [across, down, spacing[1]];
  return {
    width: sagittal ? rows : columns, height: order.length, count: sagittal ? columns : rows, step: size,
    columnSpacing: sagittal ? spacing[1] : spacing[0], rowSpacing: spacing[2],
    cosines: [...along, ...normal.map((n) => -n)],
    position: add(origin, step, k * size),
  };
}

/** Bilinear between the four neighbours of each pixel of a turned plane; `empty` outside the block. */
function cutTurned(block, slices, plane, k, empty) {
  const { columns, rows, spacing } = block;
  const { size, side, along, off } = turned(block, plane);
  const pixels = new slices[0].constructor(side * slices.length).fill(empty);
  const away = (k - (side - 1) / 2) * size;
  for (let t = 0; t < side; t += 1) {
    const way = (t - (side - 1) / 2) * size;
    const x = (along[0] * way + off[0] * away) / spacing[0] + (columns - 1) / 2;
    const y = (along[1] * way + off[1] * away) / spacing[1] + (rows - 1) / 2;
    if (x < 0 || y < 0 || x > columns - 1 || y > rows - 1) continue;
    const [left, top] = [Math.min(columns - 2, Math.floor(x)), Math.min(rows - 2, Math.floor(y))];
    const [fx, fy, at] = [x - left, y - top, top * columns + left];
    const [a, b, c, d] = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
    for (let z = 0; z < slices.length; z += 1) {
      const slice = slices[z];
      pixels[z * side + t] = a * slice[at] + b * slice[at + 1] + c * slice[at + columns] + d * slice[at + columns + 1];
    }
  }
  return pixels;
}

function thin(block, slices, plane, k, empty) {
  const { columns, rows } = block;
  if (plane.base === 'axial') return slices[k].slice();
  if (plane.turn) return cutTurned(block, slices, plane, k, empty);
  const width = plane.base === 'sagittal' ? rows : columns;
  const pixels = new slices[0].constructor(width * slices.length);
  slices.forEach((slice, z) => {
    if (plane.base === 'sagittal') for (let y = 0; y < rows; y += 1) pixels[z * width + y] = slice[y * columns + k];
    else pixels.set(slice.subarray(k * columns, (k + 1) * columns), z * width);
  });
  return pixels;
}

/** Pixels of plane `k`; `slices` in the block's order. A thick plane holds the brightest value along its thickness (MIP). */
export function cut(block, slices, name, k, empty = 0) {
  const plane = readPlane(name);
  const pixels = thin(block, slices, plane, k, empty);
  if (!plane.thick) return pixels;
  const { count, step } = planeOf(block, name, k);
  const half = Math.max(1, Math.round(plane.thick / 2 / step));
  for (let other = Math.max(0, k - half); other <= Math.min(count - 1, k + half); other += 1) {
    if (other === k) continue;
    const more = thin(block, slices, plane, other, empty);
    for (let i = 0; i < pixels.length; i += 1) if (more[i] > pixels[i]) pixels[i] = more[i];
  }
  return pixels;
}
