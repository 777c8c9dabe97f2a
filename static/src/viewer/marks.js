/** Key object selections and presentation states: what somebody before us marked, and how they set the images up. Pure. */

const names = (reference, place) => reference.instance === place.instance && (!reference.frames?.length || reference.frames.includes(place.frame));

/** Places {study, series, instance, frame} that a key object selection names, of those that are on the table. */
export function keyPlaces(mark, seriesByInstance) {
  return (mark.references ?? []).flatMap(({ instance, frames }) => {
    const series = seriesByInstance(instance);
    return series ? (frames?.length ? frames : [1]).map((frame) => ({ study: series.study.uid, series: series.uid, instance, frame })) : [];
  });
}

/** Whether a presentation state speaks of this image. */
export const concerns = (mark, place) => (mark.references ?? []).some((reference) => names(reference, place));

/** Window of a presentation state for an image: its own, or the one for all (PS3.3 C.11.8). */
export function windowFor(mark, place) {
  const found = (mark.windows ?? []).find(({ references }) => !references?.length || references.some((reference) => names(reference, place)));
  return found && { width: found.width, center: found.center };
}

const pairs = (list) => Array.from({ length: Math.floor(list.length / 2) }, (_, i) => [list[2 * i], list[2 * i + 1]]);

/**
 * What is drawn on an image: [{kind: 'line'|'curve'|'polygon'|'circle'|'ellipse'|'point'|'text', points, text, spot}], points in pixels of the image, 0 at
 * the upper left corner of the first pixel as in the file (PS3.3 C.10.5.1.1). `area`: the part that is displayed, {left, top, right, bottom} in those
 * pixels; what is placed in units of the display is placed on it, and left out where the image is turned or mirrored, or without an area.
 */
export function drawingsFor(mark, place, area = null) {
  const mine = (mark.annotations ?? []).filter(({ references }) => !references?.length || references.some((reference) => names(reference, place)));
  const { rotation, flip } = turnOf(mark);
  const shown = !rotation && !flip && area;
  const placed = (units, list) => pairs(list).map(([x, y]) => (units === 'DISPLAY' ? [area.left + x * (area.right - area.left), area.top + y * (area.bottom - area.top)] : [x, y]));
  const can = ({ units }) => units === 'PIXEL' || (units === 'DISPLAY' && shown);
  return mine.flatMap(({ graphics = [], texts = [] }) => [
    ...graphics.filter(can).map(({ type, points, filled, units }) => ({
      kind: { POINT: 'point', CIRCLE: 'circle', ELLIPSE: 'ellipse', INTERPOLATED: 'curve', POLYLINE: filled ? 'polygon' : 'line' }[type] ?? 'line', points: placed(units, points),
    })),
    ...texts.filter(can).map(({ text, box, anchor, units }) => ({ kind: 'text', text, spot: Boolean(anchor?.length), points: placed(units, anchor?.length ? anchor : box.slice(0, 2)) })).filter(({ points }) => points.length),
  ]);
}

/** An SVG path through all points without corners (Catmull-Rom). */
export function curve(points) {
  const at = (i) => points[Math.min(Math.max(i, 0), points.length - 1)];
  const parts = points.slice(1).map((end, i) => {
    const [before, from, to, after] = [at(i - 1), at(i), end, at(i + 2)];
    const [one, two] = [from.map((n, axis) => n + (to[axis] - before[axis]) / 6), to.map((n, axis) => n - (after[axis] - from[axis]) / 6)];
    return `C${[one, two, to].map((point) => point.map((n) => n.toFixed(2)).join(' ')).join(',')}`;
  });
  return `M${points[0].join(' ')}${parts.join('')}`;
}

/** Turns and mirroring of a presentation state as the viewer counts them: degrees clockwise, mirrored left to right first. */
export const turnOf = (mark) => ({ rotation: ((Number(mark.rotation) || 0) + 360) % 360, flip: Boolean(mark.flip) });
