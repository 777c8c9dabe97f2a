/** Planes in the body: which slice lies nearest to a place, where one plane cuts another. Millimetres, patient axes. Pure. */
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const add = (a, b, scale = 1) => a.map((n, axis) => n + b[axis] * scale);

/** From the renderer's plane metadata: {frame, origin, across, down, normal, width, height} with sizes in mm; null for what has no place in the body. */
export function planeFrom(metadata) {
  const { frameOfReferenceUID: frame, imagePositionPatient: origin, rowCosines, columnCosines, rows, columns, rowPixelSpacing, columnPixelSpacing } = metadata ?? {};
  if (!frame || origin?.length !== 3 || rowCosines?.length !== 3 || columnCosines?.length !== 3) return null;
  const [across, down] = [[...rowCosines].map(Number), [...columnCosines].map(Number)];
  return { frame, origin: [...origin].map(Number), across, down, normal: cross(across, down), width: columns * (columnPixelSpacing || 1), height: rows * (rowPixelSpacing || 1), columnSpacing: columnPixelSpacing || 1, rowSpacing: rowPixelSpacing || 1 };
}

export const along = (plane, normal = plane.normal) => dot(plane.origin, normal);
export const distance = (plane, point) => dot(plane.normal, point) - dot(plane.normal, plane.origin);
export const parallel = (a, b) => Math.abs(dot(a.normal, b.normal)) > 0.95;

/** Whether a point in space falls on the rectangle of a plane (its distance apart). */
export function covers(plane, point) {
  const from = add(point, plane.origin, -1);
  const [x, y] = [dot(from, plane.across), dot(from, plane.down)];
  return x >= 0 && y >= 0 && x <= plane.width && y <= plane.height;
}

/** Index of the plane nearest to `target` mm along `normal`, -1 when there is none. */
export function nearestAlong(planes, normal, target) {
  let [best, gap] = [-1, Infinity];
  planes.forEach((plane, i) => {
    const away = plane ? Math.abs(along(plane, normal) - target) : Infinity;
    if (away < gap) [best, gap] = [i, away];
  });
  return best;
}

/** Index of the plane nearest to a point. */
export function nearestTo(planes, point) {
  let [best, gap] = [-1, Infinity];
  planes.forEach((plane, i) => {
    const away = plane ? Math.abs(distance(plane, point)) : Infinity;
    if (away < gap) [best, gap] = [i, away];
  });
  return best;
}

/** The two points in which the edges of `other`'s rectangle meet `plane`, or null when they do not. */
export function intersection(plane, other) {
  const corner = (x, y) => add(add(other.origin, other.across, x * other.width), other.down, y * other.height);
  const corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
  const points = [];
  corners.forEach((from, i) => {
    const to = corners[(i + 1) % 4];
    const [a, b] = [distance(plane, from), distance(plane, to)];
    if (a === b || a * b > 0) return;
    const point = add(from, add(to, from, -1), a / (a - b));
    if (points.every((known) => Math.hypot(...add(known, point, -1)) > 1e-6)) points.push(point);
  });
  return points.length === 2 ? points : null;
}

/** The point that three planes share, or null when two of them run side by side. */
export function meeting([a, b, c]) {
  const across = cross(b.normal, c.normal);
  const size = dot(a.normal, across);
  if (Math.abs(size) < 1e-3) return null;
  const parts = [[a, across], [b, cross(c.normal, a.normal)], [c, cross(a.normal, b.normal)]];
  return [0, 1, 2].map((axis) => parts.reduce((sum, [plane, way]) => sum + along(plane) * way[axis], 0) / size);
}

/**
 * The normal of `other` when its line in `plane` is turned to run along `way`: what it leans out of `plane` stays. `line`: how the line ran.
 */
export function turnedNormal(plane, other, line, way) {
  const unit = (v) => v.map((n) => n / (Math.hypot(...v) || 1));
  const side = dot(other.normal, cross(plane.normal, unit(line)));
  return add(plane.normal.map((n) => n * dot(other.normal, plane.normal)), cross(plane.normal, unit(way)), side);
}
