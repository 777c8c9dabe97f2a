/** The measuring and moving tools: one tool group for all image windows, one tool at a time on the main button or finger. */
import {
  addTool, AngleTool, annotation, ArrowAnnotateTool, CobbAngleTool, EllipticalROITool, Enums, LabelTool, LengthTool, PanTool, ProbeTool, RectangleROITool, StackScrollTool,
  ToolGroupManager, WindowLevelTool, ZoomTool,
} from '@cornerstonejs/tools';
import { askText } from './dialog.js';
import { figure, unitOf } from './figures.js';
import { gettext } from './i18n.js';

/** The value under a point. The stock tool asks a single image for its n-th slice and so reads nothing after the first image of a stack. */
class PointProbe extends ProbeTool {
  getTargetImageData(targetId) {
    const data = super.getTargetImageData(targetId);
    if (!data?.voxelManager || !targetId.startsWith('imageId:')) return data;
    return { ...data, voxelManager: { getAtIJKPoint: ([i, j]) => data.voxelManager.getAtIJKPoint([i, j, 0]) } };
  }
}
PointProbe.toolName = ProbeTool.toolName;

/** Degrees between two lines, the smaller of the two angles, whichever way each was drawn. */
export function between([a, b, c, d]) {
  const [one, two] = [[a, b], [c, d]].map(([from, to]) => to.map((n, axis) => n - from[axis]));
  const sizes = Math.hypot(...one) * Math.hypot(...two);
  const cos = one.reduce((sum, n, axis) => sum + n * two[axis], 0) / sizes;
  return sizes ? (Math.acos(Math.min(1, Math.abs(cos))) * 180) / Math.PI : 0;
}

/** The stock tool pairs the nearest ends and so takes 30 degrees for 150 when a line was drawn the other way. */
class Cobb extends CobbAngleTool {
  _calculateCachedStats(annotation, ...rest) {
    const stats = super._calculateCachedStats(annotation, ...rest);
    const { points } = annotation.data.handles;
    if (points.length === 4) for (const one of Object.values(annotation.data.cachedStats)) one.angle = between(points);
    return stats;
  }
}
Cobb.toolName = CobbAngleTool.toolName;

/** Of a curve above 60 degrees the other angle may be meant: both are written. */
function cobbText({ cachedStats }, targetId) {
  const { angle } = cachedStats[targetId] ?? {};
  if (!Number.isFinite(angle)) return undefined;
  return [angle > 60 ? gettext('{angle}° (or {other}°)', { angle: angle.toFixed(1), other: (180 - angle).toFixed(1) }) : `${angle.toFixed(1)}°`];
}

/** Dragging up makes the image larger, as the help says; the stock tool does it the other way round. Fingers that part always enlarge. */
class DragZoom extends ZoomTool {
  constructor(...options) {
    super(...options);
    const drag = this._dragParallelProjection;
    this._dragParallelProjection = (event, viewport, camera, pinch = false) => { this.configuration.invert = !pinch; drag(event, viewport, camera, pinch); };
  }
}
DragZoom.toolName = ZoomTool.toolName;

/** One decimal, as in the list and in the report. */
function angleText({ cachedStats }, targetId) {
  const { angle } = cachedStats[targetId] ?? {};
  return Number.isFinite(angle) ? [`${angle.toFixed(1)}°`] : undefined;
}

function lengthText({ cachedStats }, targetId) {
  const { length, unit } = cachedStats[targetId] ?? {};
  return Number.isFinite(length) ? [`${figure(length)}${unitOf(unit)}`] : undefined;
}

function probeText({ cachedStats }, targetId) {
  const { value, modalityUnit } = cachedStats[targetId] ?? {};
  const one = (v, unit) => `${figure(v)}${unitOf(unit)}`;
  if (Array.isArray(value)) return [Array.isArray(modalityUnit) ? value.map((v, i) => one(v, modalityUnit[i])).join(', ') : value.join(', ')];
  return Number.isFinite(value) ? [one(value, modalityUnit)] : undefined;
}

/** Of an ellipse or rectangle; the rectangle tool hands over a list of targets, of which a stack has one. */
function areaText({ cachedStats }, target) {
  const { area, areaUnit, mean, stdDev, min, max, modalityUnit } = cachedStats[[target].flat()[0]] ?? {};
  const size = gettext('Area {area}{unit}', { area: figure(area ?? 0), unit: unitOf(areaUnit) });
  if (!Number.isFinite(mean)) return Array.isArray(mean) && Number.isFinite(area) ? [size] : undefined;   // of a colour image each colour has its own
  const unit = unitOf(modalityUnit);
  return [
    gettext('Mean {mean}{unit}', { mean: figure(mean), unit }), gettext('Spread (SD) {sd}{unit}', { sd: figure(stdDev ?? 0), unit }),
    gettext('From {min} to {max}{unit}', { min: figure(min ?? 0), max: figure(max ?? 0), unit }), size,
  ];
}

const MOVING = { window: WindowLevelTool, scroll: StackScrollTool, pan: PanTool, zoom: DragZoom };
export const MEASURING = {
  length: LengthTool, angle: AngleTool, cobb: Cobb, ellipse: EllipticalROITool, rectangle: RectangleROITool, probe: PointProbe, arrow: ArrowAnnotateTool, text: LabelTool,
};
/** Points that make a whole measurement. */
export const POINTS = { length: 2, angle: 3, cobb: 4, ellipse: 4, rectangle: 4, probe: 1, arrow: 2, text: 1 };
/** Not a cornerstone tool: a click shows the same place in every window. */
export const LOCATE = 'locate';
const TOOLS = { ...MOVING, ...MEASURING };
const GROUP = 'consilium';
export const ENGINE = 'consilium-engine';
const { Primary, Secondary, Auxiliary, Wheel } = Enums.MouseBindings;

/** Always there, whatever the main tool is: right button zooms, middle button or Shift moves, wheel scrolls, two fingers zoom and move. */
const ALWAYS = {
  zoom: [{ mouseButton: Secondary }, { numTouchPoints: 2 }],
  pan: [{ mouseButton: Auxiliary }, { mouseButton: Primary, modifierKey: Enums.KeyboardBindings.Shift }, { numTouchPoints: 3 }],
  scroll: [{ mouseButton: Wheel }],
};

const LOOK = {
  color: '#ffd866', colorHighlighted: '#9ff0d8', colorSelected: '#9ff0d8', lineWidth: '1.5', textBoxFontSize: '15px', textBoxColor: '#ffd866',
  textBoxColorHighlighted: '#9ff0d8', textBoxColorSelected: '#9ff0d8', textBoxFontFamily: 'Source Sans 3 Variable, system-ui, sans-serif', textBoxBackground: 'rgba(0, 0, 0, 0.68)', textBoxMargin: 3, textBoxBorderRadius: 4,
};

export class Tools {
  constructor() {
    for (const tool of Object.values(TOOLS)) addTool(tool);
    this.group = ToolGroupManager.createToolGroup(GROUP);
    const ask = (current, done, label = gettext('Text for this arrow')) => askText(label, current).then((text) => done(text || undefined));
    const words = () => gettext('Text on this image');
    for (const [name, tool] of Object.entries(TOOLS)) {
      this.group.addTool(tool.toolName, {
        probe: { getTextLines: probeText }, length: { getTextLines: lengthText }, angle: { getTextLines: angleText }, cobb: { getTextLines: cobbText }, ellipse: { getTextLines: areaText }, rectangle: { getTextLines: areaText },
        text: { getTextCallback: (done) => ask('', done, words()), changeTextCallback: (data, _event, done) => ask(data?.data?.label ?? '', (text) => text && done(text), words()) },
        arrow: { getTextCallback: (done) => ask('', done), changeTextCallback: (data, _event, done) => ask(data?.data?.label ?? '', (text) => text && done(text)) },
      }[name] ?? {});
      if (name in MEASURING) this.group.setToolPassive(tool.toolName);   // a disabled tool would not draw stored measurements
    }
    const { style } = annotation.config;
    style.setDefaultToolStyles({ global: { ...style.getDefaultToolStyles().global, ...LOOK } });
    this.current = '';
  }

  addViewport(id) { this.group.addViewport(id, ENGINE); }

  use(name) {
    for (const tool of Object.values(TOOLS)) this.group.setToolPassive(tool.toolName, { removeAllBindings: true });
    for (const key of new Set([...(name in TOOLS ? [name] : []), ...Object.keys(ALWAYS)])) {
      const bindings = [...(key === name ? [{ mouseButton: Primary }] : []), ...(ALWAYS[key] ?? [])];
      this.group.setToolActive(TOOLS[key].toolName, { bindings });
    }
    this.current = name;
  }
}

export const toolByName = (toolName) => Object.keys(MEASURING).find((key) => MEASURING[key].toolName === toolName);
