/** Lines over the images: where the other windows' planes cut this one, and the place that was pointed at. */
import { drawShutter } from './canvas.js';
import { drawMark } from './drawn.js';
import { planeNow } from './links.js';
import { covers, distance, intersection } from './space.js';
import { drawShapes } from './outlines.js';
import { drawPlanes } from './planesover.js';
import { handles } from './turning.js';

const SVG = 'http://www.w3.org/2000/svg';
const node = (name, attributes) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};

/** Told apart without colour too: every window's line has its own dashes and carries the window's number. */
const line = ([x1, y1], [x2, y2], number) => [
  node('line', { x1, y1, x2, y2, class: `co-v-cut co-v-cut--${number}` }),
  Object.assign(node('text', { x: x2 > x1 ? x2 - 14 : x2 + 6, y: y2 - 6, class: 'co-v-cut-name' }), { textContent: number }),
];

const finite = (point) => point?.every(Number.isFinite);

export function drawLines(app) {
  for (const pane of app.panes) {
    const marks = [];
    const here = app.lines ? planeNow(pane) : null;
    const { viewport } = pane;
    if (here && viewport) {
      const others = app.panes.filter((other) => other !== pane && (app.mpr || other === app.active));
      for (const other of others) {
        const there = planeNow(other);
        const ends = there && there.frame === here.frame ? intersection(here, there) : null;
        const turning = app.turning?.pane === pane && app.turning.other === other ? app.turning.ends : null;
        const [a, b] = turning ?? ends?.map((point) => viewport.worldToCanvas(point)) ?? [];
        if (finite(a) && finite(b)) marks.push(...line(a, b, other.number), ...(app.mpr && !turning ? handles(app, pane, other, [a, b]) : []));
      }
    }
    const spot = app.spot;
    const plane = spot ? planeNow(pane) : null;
    if (plane && viewport && plane.frame === spot.frame && covers(plane, spot.point) && Math.abs(distance(plane, spot.point)) <= 5) {
      const [x, y] = viewport.worldToCanvas(spot.point);
      if (finite([x, y])) marks.push(node('path', { d: `M${x - 14} ${y}h10M${x + 4} ${y}h10M${x} ${y - 14}v10M${x} ${y + 4}v10`, class: 'co-v-spot' }));
    }
    pane.slideMarks?.draw(app.shapesOn ? app.shapes.filter((one) => one.slide && one.series === pane.series) : []);
    pane.lines.replaceChildren(...drawPlanes(pane), ...drawShutter(pane), ...drawShapes(pane), ...drawMark(pane), ...marks);
  }
}
