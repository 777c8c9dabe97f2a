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
 * What is drawn on an image: [{kind: 'line'|'polygon'|'circle'|'ellipse'|'point'|'text', points, text}], points in pixels of the image, 0 at the
 * upper left corner of the first pixel as in the file (PS3.3 C.10.5.1.1). Annotations in units of the display are left out: they belong to no place of the image.
 */
export function drawingsFor(mark, place) {
  const mine = (mark.annotations ?? []).filter(({ references }) => !references?.length || references.some((reference) => names(reference, place)));
  return mine.flatMap(({ graphics = [], texts = [] }) => [
    ...graphics.filter(({ units }) => units === 'PIXEL').map(({ type, points, filled }) => ({
      kind: { POINT: 'point', CIRCLE: 'circle', ELLIPSE: 'ellipse', INTERPOLATED: 'line', POLYLINE: filled ? 'polygon' : 'line' }[type] ?? 'line', points: pairs(points),
    })),
    ...texts.filter(({ units }) => units === 'PIXEL').map(({ text, box, anchor }) => ({ kind: 'text', text, points: pairs(anchor?.length ? anchor : box.slice(0, 2)) })).filter(({ points }) => points.length),
  ]);
}

/** Turns and mirroring of a presentation state as the viewer counts them: degrees clockwise, mirrored left to right first. */
export const turnOf = (mark) => ({ rotation: ((Number(mark.rotation) || 0) + 360) % 360, flip: Boolean(mark.flip) });
