/** The measuring and moving tools: one tool group for all image windows, one tool at a time on the main button or finger. */
import {
  addTool, AngleTool, annotation, ArrowAnnotateTool, EllipticalROITool, Enums, LengthTool, PanTool, ProbeTool, StackScrollTool, ToolGroupManager,
  WindowLevelTool, ZoomTool,
} from '@cornerstonejs/tools';
import { askText } from './dialog.js';
import { t } from './i18n.js';

const MOVING = { window: WindowLevelTool, scroll: StackScrollTool, pan: PanTool, zoom: ZoomTool };
export const MEASURING = { length: LengthTool, angle: AngleTool, ellipse: EllipticalROITool, probe: ProbeTool, arrow: ArrowAnnotateTool };
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

export class Tools {
  constructor() {
    for (const tool of Object.values(TOOLS)) addTool(tool);
    this.group = ToolGroupManager.createToolGroup(GROUP);
    const ask = (current, done) => askText(t('Text for this arrow'), current).then((text) => done(text || undefined));
    for (const [name, tool] of Object.entries(TOOLS)) {
      this.group.addTool(tool.toolName, name === 'arrow' ? {
        getTextCallback: (done) => ask('', done),
        changeTextCallback: (data, _event, done) => ask(data?.data?.label ?? data?.label ?? '', (text) => text && done(text)),
      } : {});
      if (name in MEASURING) this.group.setToolPassive(tool.toolName);   // a disabled tool would not draw stored measurements
    }
    annotation.config.style.setDefaultToolStyles({
      ...annotation.config.style.getDefaultToolStyles(),
      color: '#ffd866', colorHighlighted: '#9ff0d8', colorSelected: '#9ff0d8', lineWidth: '1.5', textBoxFontSize: '15px', textBoxColor: '#ffd866',
      textBoxColorHighlighted: '#9ff0d8', textBoxColorSelected: '#9ff0d8', textBoxFontFamily: 'Source Sans 3 Variable, system-ui, sans-serif', textBoxBackground: 'rgba(5, 22, 24, 0.72)',
    });
    this.current = '';
  }

  addViewport(id) { this.group.addViewport(id, ENGINE); }

  use(name) {
    for (const tool of Object.values(TOOLS)) this.group.setToolPassive(tool.toolName, { removeAllBindings: true });
    for (const key of new Set([name, ...Object.keys(ALWAYS)])) {
      const bindings = [...(key === name ? [{ mouseButton: Primary }] : []), ...(ALWAYS[key] ?? [])];
      this.group.setToolActive(TOOLS[key].toolName, { bindings });
    }
    this.current = name;
  }
}

export const toolByName = (toolName) => Object.keys(MEASURING).find((key) => MEASURING[key].toolName === toolName);
