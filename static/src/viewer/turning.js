/** Turning a plane of the three by its line in another window: two handles on the line, dragged about the place where the planes meet. */
import { planeNow } from './links.js';
import { crossing, layPlane } from './planes.js';
import { add, turnedNormal } from './space.js';

const SVG = 'http://www.w3.org/2000/svg';
const REACH = 0.3;   // of the window's shorter side, so that both handles are always on screen

/** Ends of the line's handles on screen: {middle, handles: [[x, y], [x, y]]}, null when the planes do not meet in the window. */
export function handlesOf(app, pane, [a, b]) {
  const place = app.mpr && crossing(app);
  const middle = place && pane.viewport.worldToCanvas(place);
  const size = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (!middle?.every(Number.isFinite) || size < 1) return null;
  const reach = (REACH * Math.min(pane.canvas.clientWidth, pane.canvas.clientHeight)) / size;
  const [dx, dy] = [(b[0] - a[0]) * reach, (b[1] - a[1]) * reach];
  return { middle, handles: [[middle[0] - dx, middle[1] - dy], [middle[0] + dx, middle[1] + dy]] };
}

/** The two handles of `other`'s line in `pane`, as nodes. */
export function handles(app, pane, other, ends) {
  const found = handlesOf(app, pane, ends);
  return (found?.handles ?? []).map((at) => {
    const node = document.createElementNS(SVG, 'circle');
    for (const [name, value] of Object.entries({ cx: at[0], cy: at[1], r: 8, class: `co-v-turn co-v-turn--${other.number}` })) node.setAttribute(name, value);
    node.addEventListener('pointerdown', (event) => start(app, pane, other, found.middle, at, event));
    return node;
  });
}

/** Follows the pointer until it is let go; only the line moves meanwhile, the plane is cut once. */
function start(app, pane, other, middle, at, event) {
  if (event.button) return;
  event.preventDefault();
  event.stopPropagation();
  const box = pane.lines.getBoundingClientRect();
  const world = (x, y) => pane.viewport.canvasToWorld([x, y]);
  const way = (to) => add(world(...to), world(...middle), -1);
  let to = at;
  const done = new AbortController();
  const end = (laid) => {
    done.abort();
    app.turning = null;
    if (laid && Math.hypot(to[0] - at[0], to[1] - at[1]) > 2) layPlane(app, other, turnedNormal(planeNow(pane), planeNow(other), way(at), way(to)), world(...middle));
    app.redrawLines();
  };
  const listen = (name, handler) => window.addEventListener(name, handler, { signal: done.signal, capture: true });
  listen('pointermove', (move) => {
    to = [move.clientX - box.left, move.clientY - box.top];
    app.turning = { pane, other, ends: [[2 * middle[0] - to[0], 2 * middle[1] - to[1]], to] };
    app.redrawLines();
  });
  listen('pointerup', () => end(true));
  listen('pointercancel', () => end(false));
}
