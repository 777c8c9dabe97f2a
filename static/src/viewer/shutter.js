/** Covered edges (Display Shutter, PS3.3 C.7.6.11) and the displayed area (C.10.4), in pixels of the image, 0, 0 its corner. Pure. */
const values = (dataset, tag) => dataset?.[tag]?.Value ?? [];
const numbers = (dataset, tag) => values(dataset, tag).map(Number);
const ROUND = 72;

/** What stays uncovered, one polygon for each shape of the header; [] for none. All of them must hold. */
export function shutterOf(dataset) {
  const one = (tag) => numbers(dataset, tag)[0];
  return values(dataset, '00181600').map((shape) => {
    if (shape === 'RECTANGULAR') {
      const [left, right, upper, lower] = ['00181602', '00181604', '00181606', '00181608'].map(one);
      return [[left - 1, upper - 1], [right, upper - 1], [right, lower], [left - 1, lower]];
    }
    if (shape === 'CIRCULAR') {
      const [[row, column], radius] = [numbers(dataset, '00181610'), one('00181612')];
      return Array.from({ length: ROUND }, (_, i) => [column - 0.5 + radius * Math.cos((2 * Math.PI * i) / ROUND), row - 0.5 + radius * Math.sin((2 * Math.PI * i) / ROUND)]);
    }
    if (shape === 'POLYGONAL') {
      const flat = numbers(dataset, '00181620');
      return Array.from({ length: Math.floor(flat.length / 2) }, (_, i) => [flat[2 * i + 1] - 0.5, flat[2 * i] - 0.5]);
    }
    return [];
  }).filter((points) => points.length > 2 && points.flat().every(Number.isFinite));
}

/** {left, top, right, bottom, mode, spacing, magnification} that a presentation state shows of an image, or null. */
export function areaFor(areas, place) {
  const names = (area) => { const images = values(area, '00081140'); return !images.length || images.some((image) => values(image, '00081155')[0] === place.instance); };
  const area = (areas ?? []).find(names);
  const [left, top, right, bottom] = [...numbers(area, '00700052'), ...numbers(area, '00700053')];
  if (!(right > left - 1) || !(bottom > top - 1)) return null;
  return { left: left - 1, top: top - 1, right, bottom, mode: values(area, '00700100')[0] ?? 'SCALE TO FIT', spacing: numbers(area, '00700101'), magnification: numbers(area, '00700103')[0] };
}
