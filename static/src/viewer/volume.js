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

/**
 * 'coronal@30^-20~10': a plane, degrees that it is turned (about its upright axis) and then tilted (about its level axis), millimetres that
 * it is thick (brightest value of them).
 */
export function readPlane(name) {
  const [, base, turn = '0', tilt = '0', thick = '0'] = /^(axial|sagittal|coronal)(?:@(-?\d+))?(?:\^(-?\d+))?(?:~(\d+))?$/.exec(name) ?? [null, 'axial'];
  return { base, turn: Number(turn), tilt: Number(tilt), thick: Number(thick) };
}
export const writePlane = ({ base, turn = 0, tilt = 0, thick = 0 }) => `${base}${turn ? `@${turn}` : ''}${tilt ? `^${tilt}` : ''}${thick ? `~${thick}` : ''}`;

/** Level axis, upright axis and the way through the planes of each base, in the block's own axes: along its rows, down its columns, down its slices. */
const BASES = { axial: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], sagittal: [[0, 1, 0], [0, 0, 1], [-1, 0, 0]], coronal: [[1, 0, 0], [0, 0, 1], [0, 1, 0]] };
const mixed = (a, b, x, y) => a.map((n, axis) => n * x + b[axis] * y);

/** The three axes of a turned and tilted plane. */
function axesOf({ base, turn, tilt }) {
  const [level, upright, through] = BASES[base];
  const [t, s] = [turn, tilt].map((degrees) => (degrees * Math.PI) / 180);
  const across = mixed(level, through, Math.cos(t), Math.sin(t));
  const away = mixed(through, level, Math.cos(t), -Math.sin(t));
  return [across, mixed(upright, away, Math.cos(s), Math.sin(s)), mixed(away, upright, Math.cos(s), -Math.sin(s))];
}

/** The block's own axes as directions in the body, and back. */
const toBody = ({ across, down, normal }, [x, y, z]) => across.map((n, axis) => n * x + down[axis] * y - normal[axis] * z);
const toBlock = ({ across, down, normal }, v) => [dot(v, across), dot(v, down), -dot(v, normal)];

/** Turn and tilt, in whole degrees, that give a plane of this base the wanted normal (in the body, either sign). */
export function anglesFor(found, base, normal) {
  const [level, upright, through] = BASES[base];
  let wanted = toBlock(found, normal);
  if (dot(wanted, through) < 0) wanted = wanted.map((n) => -n);
  const size = Math.hypot(...wanted) || 1;
  const degrees = (radians) => Math.round((radians * 180) / Math.PI) || 0;
  return { turn: degrees(Math.atan2(-dot(wanted, level), dot(wanted, through))), tilt: degrees(-Math.asin(Math.max(-1, Math.min(1, dot(wanted, upright) / size)))) };
}

/** Of a turned plane: pixel size in mm, width, height and count of planes, its axes. Upright ones keep the rows of the slices. */
function turned({ columns, rows, spacing, order }, plane) {
  const size = Math.min(spacing[0], spacing[1]);
  const axes = axesOf(plane);
  const whole = [columns, rows, order.length].map((n, axis) => n * spacing[axis]);
  const pixels = (axis) => Math.max(2, Math.ceil(axis.reduce((sum, n, i) => sum + Math.abs(n) * whole[i], 0) / size - 1e-6));
  if (plane.base !== 'axial' && !plane.tilt) {
    const side = Math.ceil(Math.hypot(whole[0], whole[1]) / size);
    return { size, tall: spacing[2], width: side, height: order.length, count: side, axes };
  }
  return { size, tall: size, width: pixels(axes[0]), height: pixels(axes[1]), count: pixels(axes[2]), axes };
}

/** Size and place of plane `k` ('sagittal': constant column, 'coronal': constant row, as if the source is axial), top of the body first. */
export function planeOf(block, name, k) {
  const { order, normal, across, down, spacing, origin, columns, rows } = block;
  const plane = readPlane(name);
  if (plane.turn || plane.tilt) {
    const { size, tall, width, height, count, axes } = turned(block, plane);
    const corner = [columns, rows, order.length].map((n, axis) => ((n - 1) / 2) * spacing[axis]);
    const steps = [-((width - 1) / 2) * size, -((height - 1) / 2) * tall, (k - (count - 1) / 2) * size];
    axes.forEach((axis, i) => axis.forEach((n, j) => { corner[j] += n * steps[i]; }));
    const [level, upright] = axes.map((axis) => toBody(block, axis));
    return { width, height, count, step: size, columnSpacing: size, rowSpacing: tall, cosines: [...level, ...upright], position: add(origin, toBody(block, corner), 1) };
  }
  if (plane.base === 'axial') {
    return { width: columns, height: rows, count: order.length, step: spacing[2], columnSpacing: spacing[0], rowSpacing: spacing[1], cosines: [...across, ...down], position: add(origin, normal, -k * spacing[2]) };
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

/** Trilinear between the eight neighbours of each pixel of a turned plane; `empty` outside the block. */
function cutTurned(block, slices, plane, k, empty) {
  const { columns, rows, spacing } = block;
  const { size, tall, width, height, count, axes } = turned(block, plane);
  const pixels = new slices[0].constructor(width * height).fill(empty);
  const [last, most] = [slices.length - 1, [columns - 1, rows - 1, slices.length - 1]];
  const voxels = (axis, mm) => axis.map((n, i) => (n * mm) / spacing[i]);
  const [dx, dy, dz] = voxels(axes[0], size);
  const rise = voxels(axes[1], tall);
  const away = voxels(axes[2], (k - (count - 1) / 2) * size);
  const eps = 1e-6;
  for (let row = 0; row < height; row += 1) {
    const up = row - (height - 1) / 2;
    const back = (width - 1) / 2;
    let x = most[0] / 2 + away[0] + rise[0] * up - dx * back;
    let y = most[1] / 2 + away[1] + rise[1] * up - dy * back;
    let z = most[2] / 2 + away[2] + rise[2] * up - dz * back;
    for (let at = row * width; at < (row + 1) * width; at += 1, x += dx, y += dy, z += dz) {
      if (x < -eps || y < -eps || z < -eps || x > most[0] + eps || y > most[1] + eps || z > last + eps) continue;
      const left = Math.max(0, Math.min(columns - 2, Math.floor(x)));
      const top = Math.max(0, Math.min(rows - 2, Math.floor(y)));
      const low = Math.max(0, Math.min(last - 1, Math.floor(z)));
      const fx = x - left;
      const fy = y - top;
      const i = top * columns + left;
      const one = slices[low];
      const two = slices[low + 1];
      const near = (one[i] * (1 - fx) + one[i + 1] * fx) * (1 - fy) + (one[i + columns] * (1 - fx) + one[i + columns + 1] * fx) * fy;
      const far = (two[i] * (1 - fx) + two[i + 1] * fx) * (1 - fy) + (two[i + columns] * (1 - fx) + two[i + columns + 1] * fx) * fy;
      pixels[at] = near + (far - near) * (z - low);
    }
  }
  return pixels;
}

function thin(block, slices, plane, k, empty) {
  const { columns, rows } = block;
  if (plane.turn || plane.tilt) return cutTurned(block, slices, plane, k, empty);
  if (plane.base === 'axial') return slices[k].slice();
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
  const stride = Math.max(1, Math.floor(Math.max(...block.spacing) / 2 / step));   // closer than half a voxel there is nothing new
  for (let other = k - Math.floor(half / stride) * stride; other <= Math.min(count - 1, k + half); other += stride) {
    if (other === k || other < 0) continue;
    const more = thin(block, slices, plane, other, empty);
    for (let i = 0; i < pixels.length; i += 1) if (more[i] > pixels[i]) pixels[i] = more[i];
  }
  return pixels;
}
