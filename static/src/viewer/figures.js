/** What a measurement says, in words. Pure. */
import { gettext } from './i18n.js';

const HU = /^hu$/i;

/** Three figures, as a ruler would be read: 8.31, 83.1, 831. */
export const figure = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2));
export const unitOf = (unit) => (unit && unit !== 'raw' && !Array.isArray(unit) ? ` ${unit.replace(' US Region', '')}` : '');

/** "23.4 mm", "mean 41 HU, area 120 mm²": the figures of a measurement in a line. */
export function figures({ tool, stats = {}, label }) {
  const unit = (name) => (!name || name === 'raw' || Array.isArray(name) ? '' : HU.test(name) ? ' HU' : ` ${name.replace(' US Region', '')}`);
  if (tool === 'length' && stats.length !== undefined) return `${figure(stats.length)}${unit(stats.unit)}`;
  if ((tool === 'angle' || tool === 'cobb') && stats.angle !== undefined) return `${stats.angle.toFixed(1)}°`;
  if ((tool === 'ellipse' || tool === 'rectangle') && Array.isArray(stats.mean)) return gettext('area {area}{areaUnit}', { area: figure(stats.area ?? 0), areaUnit: unit(stats.areaUnit) });
  if ((tool === 'ellipse' || tool === 'rectangle') && Number.isFinite(stats.mean)) return gettext('mean {mean}{unit}, area {area}{areaUnit}', { mean: figure(stats.mean), unit: unit(stats.modalityUnit), area: figure(stats.area), areaUnit: unit(stats.areaUnit) });
  if (tool === 'probe' && stats.value !== undefined) return `${Array.isArray(stats.value) ? stats.value.join(', ') : figure(stats.value)}${unit(stats.modalityUnit)}`;
  return label ?? '';
}
