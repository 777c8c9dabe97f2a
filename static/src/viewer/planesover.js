/** Overlay planes of an image (groups 6000 to 601E, PS3.3 C.9.2): a transparent picture by the server, laid over the image. */
import { toScreen } from './canvas.js';
import { number } from './dicom.js';

const PLANE = /^60[01][02468ACE](0010|3000)$/i;
const known = new WeakMap();

export function hasPlanes(dataset) {
  if (!known.has(dataset)) known.set(dataset, Object.keys(dataset).some((tag) => PLANE.test(tag)));
  return known.get(dataset);
}

/** One node for a window and an image: made anew it would be asked for with every move. */
export function drawPlanes(pane) {
  const { app, place, image } = pane;
  if (!app.shapesOn || !place || !image || !hasPlanes(image.dataset)) return [];
  const screen = toScreen(pane);
  const [o, x, y] = screen ? [[0, 0], [1, 0], [0, 1]].map(screen) : [];
  if (!y || ![o, x, y].flat().every(Number.isFinite)) return [];
  const href = app.api.planesUrl(place);
  if (pane.planesOver?.getAttribute('href') !== href) {
    pane.planesOver = document.createElementNS('http://www.w3.org/2000/svg', 'image');
    const wanted = { href, width: number(image.dataset, 'columns'), height: number(image.dataset, 'rows'), preserveAspectRatio: 'none', class: 'co-v-planes' };
    for (const [name, value] of Object.entries(wanted)) pane.planesOver.setAttribute(name, value);
  }
  pane.planesOver.setAttribute('transform', `matrix(${x[0] - o[0]} ${x[1] - o[1]} ${y[0] - o[0]} ${y[1] - o[1]} ${o[0]} ${o[1]})`);
  return [pane.planesOver];
}
