/** From places in an image to places on the screen, with what a presentation state asks of them. */
import { areaFor, shutterOf } from './shutter.js';

/** Function from pixels of the image (0, 0 its corner) to the window; null before anything is drawn. Without WebGL a place is the corner of its pixel. */
export function toScreen(pane) {
  const { viewport, app } = pane;
  const data = viewport?.getImageData?.();
  if (!data) return null;
  const { origin, spacing, direction } = data;
  const half = app.cpu ? 0 : 0.5;
  return ([x, y]) => viewport.worldToCanvas([0, 1, 2].map((axis) => origin[axis] + direction[axis] * (x - half) * spacing[0] + direction[axis + 3] * (y - half) * spacing[1]));
}

const finite = (points) => points.every((point) => point?.every(Number.isFinite));

/** Black over what the image or the presentation state covers. */
export function drawShutter(pane) {
  const { app, applied, place } = pane;
  const screen = app.shapesOn && place && toScreen(pane);
  if (!screen) return [];
  const own = shutterOf(applied?.shutter);
  const { clientWidth: width, clientHeight: height } = pane.canvas;
  return (own.length ? own : shutterOf(pane.image.dataset)).map((points) => points.map(screen)).filter(finite).map((points) => {
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', `M0 0H${width}V${height}H0ZM${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`);
    path.setAttribute('class', 'co-v-shutter');
    return path;
  });
}

/** Fills the window with the displayed area of a presentation state; "MAGNIFY" gives its size, "TRUE SIZE" cannot be kept on an unknown display and is fitted. */
export function showArea(pane, mark) {
  const area = areaFor(mark.areas, pane.place);
  const box = () => {
    const screen = toScreen(pane);
    const points = screen ? [[area.left, area.top], [area.right, area.top], [area.right, area.bottom], [area.left, area.bottom]].map(screen) : [];
    if (points.length < 4 || !finite(points)) return null;
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    return { x: Math.min(...xs), y: Math.min(...ys), width: Math.max(...xs) - Math.min(...xs), height: Math.max(...ys) - Math.min(...ys) };
  };
  const now = area && box();
  if (!now) return;
  const { viewport, canvas } = pane;
  const wanted = area.mode === 'MAGNIFY' && area.magnification > 0 ? (area.magnification * (area.right - area.left)) / now.width : Math.min(canvas.clientWidth / now.width, canvas.clientHeight / now.height);
  viewport.setZoom(viewport.getZoom() * wanted);
  viewport.render();
  const then = box();
  const [x, y] = viewport.getPan();
  viewport.setPan([x + canvas.clientWidth / 2 - then.x - then.width / 2, y + canvas.clientHeight / 2 - then.y - then.height / 2]);
  viewport.render();
}
