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

/** Size and place of plane `k` ('sagittal': constant column, 'coronal': constant row, as if the source is axial). */
export function planeOf({ order, normal, across, down, spacing, origin, columns, rows }, plane, k) {
  const sagittal = plane === 'sagittal';
  const [along, step, size] = sagittal ? [down, across, spacing[0]] : [across, down, spacing[1]];
  return {
    width: sagittal ? rows : columns, height: order.length, count: sagittal ? columns : rows,
    columnSpacing: sagittal ? spacing[1] : spacing[0], rowSpacing: spacing[2],
    cosines: [...along, ...normal.map((n) => -n)],
    position: origin.map((n, axis) => n + step[axis] * k * size),
  };
}

/** Pixels of plane `k`; `slices` in the block's order. */
export function cut({ columns, rows }, slices, plane, k) {
  const width = plane === 'sagittal' ? rows : columns;
  const pixels = new slices[0].constructor(width * slices.length);
  slices.forEach((slice, z) => {
    if (plane === 'sagittal') for (let y = 0; y < rows; y += 1) pixels[z * width + y] = slice[y * columns + k];
    else pixels.set(slice.subarray(k * columns, (k + 1) * columns), z * width);
  });
  return pixels;
}
