/** Draws a presentation state's lines and texts over an image, in the layer of the cut lines. */
import { toScreen } from './canvas.js';
import { number } from './dicom.js';
import { curve, drawingsFor } from './marks.js';
import { areaFor } from './shutter.js';

const SVG = 'http://www.w3.org/2000/svg';
const node = (name, attributes, text = '') => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries({ ...attributes, class: `co-v-drawn${name === 'text' ? ' co-v-drawn--text' : ''}` })) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};

export function drawMark(pane) {
  const { applied, place, viewport } = pane;
  if (!applied || !place || !viewport) return [];
  const screen = toScreen(pane);
  if (!screen) return [];
  const image = pane.image?.dataset;
  const area = areaFor(applied.areas, place) ?? (image && { left: 0, top: 0, right: number(image, 'columns'), bottom: number(image, 'rows') });
  return drawingsFor(applied, place, area).flatMap(({ kind, points, text, spot }) => {
    const at = points.map(screen);
    if (!at.length || at.some((point) => !point?.every(Number.isFinite))) return [];
    const [[x, y], b = at[0]] = at;
    if (kind === 'text') return [...(spot ? [node('circle', { cx: x, cy: y, r: 3 })] : []), ...text.split(/\r\n|\r|\n/).map((line, i) => node('text', { x: spot ? x + 8 : x, y: y + (spot ? 4 : 13) + i * 17 }, line))];
    if (kind === 'curve') return [node('path', { d: curve(at) })];
    if (kind === 'point') return [node('circle', { cx: x, cy: y, r: 4 })];
    if (kind === 'circle') return [node('circle', { cx: x, cy: y, r: Math.hypot(b[0] - x, b[1] - y) })];
    if (kind === 'ellipse' && at.length === 4) {
      const [one, two] = [[at[0], at[1]], [at[2], at[3]]];
      const half = ([p, q]) => Math.hypot(p[0] - q[0], p[1] - q[1]) / 2;
      const middle = [(one[0][0] + one[1][0]) / 2, (one[0][1] + one[1][1]) / 2];
      const turn = (Math.atan2(one[1][1] - one[0][1], one[1][0] - one[0][0]) * 180) / Math.PI;
      return [node('ellipse', { cx: middle[0], cy: middle[1], rx: half(one), ry: half(two), transform: `rotate(${turn} ${middle[0]} ${middle[1]})` })];
    }
    return [node(kind === 'polygon' ? 'polygon' : 'polyline', { points: at.map((point) => point.join(',')).join(' ') })];
  });
}
