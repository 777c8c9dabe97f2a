/** Letters at the edges of an image. DICOM patient axes (PS3.3 C.7.6.2.1.1): +x left, +y posterior, +z head. Pure. */
const NAMES = [['R', 'L'], ['A', 'P'], ['F', 'H']];

/** "L", "AL", "HPR"…: the axes a direction points along, strongest first, weak ones (under about 5 degrees) left out. */
export function letters(direction) {
  const length = Math.hypot(...direction);
  if (!(length > 0)) return '';
  return direction
    .map((component, axis) => ({ size: Math.abs(component) / length, letter: NAMES[axis][component > 0 ? 1 : 0] }))
    .filter(({ size }) => size > 0.087)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join('');
}

/** Letters for the four edges from what is right and what is down on screen. */
export function edges(right, down) {
  const opposite = (v) => v.map((n) => -n);
  return { right: letters(right), left: letters(opposite(right)), bottom: letters(down), top: letters(opposite(down)) };
}

/** 'axial', 'sagittal', 'coronal' or 'oblique' from the six direction cosines. */
export function planeName(cosines) {
  if (cosines?.length !== 6) return '';
  const [a, b] = [cosines.slice(0, 3), cosines.slice(3)];
  const normal = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]].map(Math.abs);
  const axis = normal.indexOf(Math.max(...normal));
  return normal[axis] > 0.8 ? ['sagittal', 'coronal', 'axial'][axis] : 'oblique';
}

const OPPOSITE = { R: 'L', L: 'R', A: 'P', P: 'A', H: 'F', F: 'H' };
const turned = (text) => [...text].map((letter) => OPPOSITE[letter] ?? letter).join('');

/**
 * Letters of projections (chest film, mammogram), which have no place in space but say where their rows and columns point:
 * Patient Orientation (0020,0020), PS3.3 C.7.6.1.1.1. `right` and `down`: what is right and down on screen, in image axes.
 */
export function edgesOfProjection([row = '', column = ''], right, down) {
  const along = ([x, y]) => (Math.abs(x) >= Math.abs(y) ? (x > 0 ? row : turned(row)) : (y > 0 ? column : turned(column)));
  return { right: along(right), left: turned(along(right)), bottom: along(down), top: turned(along(down)) };
}
