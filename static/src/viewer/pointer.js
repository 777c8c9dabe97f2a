/** Measuring without a mouse: a cross on the image, moved by arrows, Enter sets a point, Escape ends. */
import { el } from './dom.js';
import { gettext } from './i18n.js';
import { annotation, utilities } from '@cornerstonejs/tools';
import { toAnnotation } from './state.js';
import { MEASURING } from './tools.js';
import { askText } from './dialog.js';

/** Corners of a box are two points here, whatever the tool keeps. */
const POINTS = { length: 2, angle: 3, cobb: 4, ellipse: 2, rectangle: 2, probe: 1, arrow: 2, text: 1 };

/** Ellipse handles from two corners of its box: bottom, top, left, right, as the tool wants them. */
export function ellipseHandles([ax, ay], [bx, by]) {
  const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
  return [[x, Math.max(ay, by)], [x, Math.min(ay, by)], [Math.min(ax, bx), y], [Math.max(ax, bx), y]];
}

/** Rectangle handles from two corners: top left, top right, bottom left, bottom right, as the tool wants them. */
export function rectangleHandles([ax, ay], [bx, by]) {
  const [left, right, top, bottom] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
  return [[left, top], [right, top], [left, bottom], [right, bottom]];
}

const HANDLES = { ellipse: ellipseHandles, rectangle: rectangleHandles };

/** For tools that cannot be placed by their own hand. */
function add(viewport, tool, points, referencedImageId) {
  const { viewPlaneNormal, viewUp } = viewport.getCamera();
  const row = { uid: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, tool, points, normal: viewPlaneNormal, up: viewUp, frameOfReference: viewport.getFrameOfReferenceUID() };
  annotation.state.addAnnotation(toAnnotation(row, referencedImageId), viewport.element);
  utilities.triggerAnnotationRenderForViewportIds([viewport.id]);
}

/** Answers {key(event), stop()}; `key` answers whether it took the event. */
export function startPointer(pane, tool, { announce, done }) {
  const { canvas, viewport } = pane;
  const at = [canvas.clientWidth / 2, canvas.clientHeight / 2];
  const points = [];
  const image = viewport.getCurrentImageId();   // by place alone the tool would take the last of all frames that lie there
  const cross = el('div', { className: 'co-v-cross' });
  canvas.parentElement.append(cross);
  const draw = () => { cross.style.left = `${at[0]}px`; cross.style.top = `${at[1]}px`; };
  const stop = () => { for (const dot of dots) dot.remove(); cross.remove(); };
  const mark = () => { const dot = el('i'); dot.style.left = `${at[0]}px`; dot.style.top = `${at[1]}px`; return dot; };
  const dots = [];
  async function finish() {
    stop();
    const handles = HANDLES[tool]?.(...points) ?? points;
    const world = handles.map((point) => viewport.canvasToWorld(point));
    const on = { referencedImageId: image };
    if (tool === 'arrow') {
      const text = await askText(gettext('Text for this arrow'));
      if (text) MEASURING.arrow.hydrate(viewport.id, world, text, on);
    } else if (tool === 'text') {
      const text = await askText(gettext('Text on this image'));
      if (text) MEASURING.text.hydrate(viewport.id, world[0], text, on);
    } else if (tool === 'cobb') {
      add(viewport, tool, world, image);
    } else {
      MEASURING[tool].hydrate(viewport.id, world, on);
    }
    canvas.focus();
    done(gettext('Measurement added'));
  }
  function key(event) {
    const size = event.shiftKey ? 1 : 8;
    const move = { ArrowLeft: [-size, 0], ArrowRight: [size, 0], ArrowUp: [0, -size], ArrowDown: [0, size] }[event.key];
    if (!move && !['Enter', 'Escape'].includes(event.key)) return false;
    if (event.key === 'Escape') { stop(); done(gettext('Measuring ended')); return true; }
    if (move) {
      at[0] = Math.min(canvas.clientWidth, Math.max(0, at[0] + move[0]));
      at[1] = Math.min(canvas.clientHeight, Math.max(0, at[1] + move[1]));
      draw();
      return true;
    }
    points.push([...at]);
    const dot = mark();
    dot.className = 'co-v-dot';
    dots.push(dot);
    canvas.parentElement.append(dot);
    if (points.length === POINTS[tool]) finish(); else announce(gettext('Point {n} of {count} set', { n: points.length, count: POINTS[tool] }));
    return true;
  }
  draw();
  announce(gettext('Move the cross with the arrow keys, Shift for small steps. Enter sets a point, Escape ends.'));
  return { key, stop };
}
