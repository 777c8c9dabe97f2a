/** Everything a person can do, once: the toolbar, the keys and the cheat sheet are all made from this table. */
import { cite, framed } from './cite.js';
import { thickenPlane, tiltPlane, turnPlane } from './planes.js';
import { LOCATE, MEASURING } from './tools.js';
import { gettext } from './i18n.js';
import { onSlide } from './slide.js';

const tool = (id, label, keys, hint) => ({ id, label, keys, hint, group: id in MEASURING ? 'measure' : 'tool', radio: true, pressed: (app) => app.tools.current === id, run: (app) => app.useTool(id) });
/** On a microscope slide what can be done is done there, the rest is said to be for images. */
const onImage = (id, run) => (app) => {
  const pane = app.active;
  if (pane?.slideViewer) { if (!onSlide(pane.slideViewer, id)) app.tell(gettext('This has no effect on a microscope slide.')); return undefined; }
  return pane?.viewport && pane.ids.length ? run(pane, app) : undefined;
};
const step = (id, label, keys, move) => ({ id, label, keys, group: 'images', run: onImage(id, move) });
const change = (id, label, keys, run, more = {}) => ({ id, label, keys, group: 'picture', run: onImage(id, run), ...more });

function turn(pane, by) {
  pane.rotation = (pane.rotation + by + 360) % 360;
  pane.viewport.setViewPresentation({ rotation: pane.rotation });
  pane.viewport.render();
}

/** Mirrors what is on screen; the CPU renderer mirrors before it turns, so a lying image takes the other axis there. */
function mirror(pane, axis) {
  const lying = pane.app.cpu && pane.rotation % 180 !== 0;
  const across = lying ? { flipHorizontal: 'flipVertical', flipVertical: 'flipHorizontal' }[axis] : axis;
  pane.viewport.setCamera({ [across]: !pane.viewport.getCamera()[across] });
  pane.viewport.render();
}

function zoom(pane, factor) {
  pane.viewport.setZoom(pane.viewport.getZoom() * factor);
  pane.viewport.render();
}

function shift(pane, x, y) {
  const [px, py] = pane.viewport.getPan();
  pane.viewport.setPan([px + x, py + y]);
  pane.viewport.render();
}

/** Opens the stack again where it is: the renderer's own reset forgets the polarity of MONOCHROME1. */
function reset(pane) {
  pane.show(pane.series, pane.index, pane.reformatted ? { plane: pane.plane, ids: pane.ids } : null);
}

function level(pane, width, center) {
  const range = pane.viewport.getProperties().voiRange;
  if (!range) return;
  const size = range.upper - range.lower;
  const unit = Math.max(1, size * 0.05);
  const wide = Math.max(1, size + width * unit);
  const middle = (range.upper + range.lower) / 2 + center * unit;
  pane.viewport.setProperties({ voiRange: { lower: middle - wide / 2, upper: middle + wide / 2 } });
  pane.viewport.render();
}

export function commands() {
  return [
    tool('scroll', gettext('Scroll'), ['s'], gettext('Drag up or down to go through the images')),
    tool('window', gettext('Window'), ['w'], gettext('Drag to change brightness and contrast')),
    tool('pan', gettext('Move'), ['p'], gettext('Drag to move the image')),
    tool('zoom', gettext('Zoom'), ['z'], gettext('Drag up or down to make the image larger or smaller')),
    tool('length', gettext('Length'), ['l'], gettext('Drag from one end to the other')),
    tool('angle', gettext('Angle'), ['a'], gettext('Drag the first line, then click the end of the second')),
    tool('cobb', gettext('Cobb angle'), ['o'], gettext('Drag along the first plate, then along the second')),
    tool('ellipse', gettext('Ellipse'), ['e'], gettext('Drag from the middle outwards to see mean, spread and area')),
    tool('rectangle', gettext('Rectangle'), ['b'], gettext('Drag from corner to corner to see mean, spread and area')),
    tool('probe', gettext('Probe'), ['h'], gettext('Click to read the value at a point')),
    tool('arrow', gettext('Arrow'), ['t'], gettext('Drag from the point outwards, then write a text')),
    tool('text', gettext('Text'), ['Shift+T'], gettext('Click, then write')),
    tool(LOCATE, gettext('Same place'), ['q'], gettext('Click a point to see it in every window of the same examination')),
    step('next', gettext('Next image'), ['ArrowDown', 'j'], (pane) => pane.step(1)),
    step('previous', gettext('Previous image'), ['ArrowUp', 'k'], (pane) => pane.step(-1)),
    step('forward', gettext('Ten images on'), ['PageDown'], (pane) => pane.step(10)),
    step('back', gettext('Ten images back'), ['PageUp'], (pane) => pane.step(-10)),
    step('first', gettext('First image'), ['Home'], (pane) => pane.goTo(0)),
    step('last', gettext('Last image'), ['End'], (pane) => pane.goTo(pane.ids.length - 1)),
    { id: 'next-series', label: gettext('Next series'), keys: ['ArrowRight'], group: 'images', run: (app) => app.stepSeries(1) },
    { id: 'previous-series', label: gettext('Previous series'), keys: ['ArrowLeft'], group: 'images', run: (app) => app.stepSeries(-1) },
    { id: 'next-pane', label: gettext('Next window'), keys: ['n'], group: 'images', run: (app) => app.nextPane() },
    { id: 'play', label: gettext('Play'), keys: [' '], group: 'images', toggle: true, pressed: (app) => app.cine.playing(app.active), run: (app) => app.play() },
    change('invert', gettext('Invert'), ['i'], (pane) => { pane.viewport.setProperties({ invert: !pane.viewport.getProperties().invert }); pane.viewport.render(); },
      { toggle: true, pressed: (app) => Boolean(app.active?.enabled && app.active.inverted) }),
    change('rotate', gettext('Turn right'), ['r'], (pane) => turn(pane, 90)),
    change('rotate-back', gettext('Turn left'), ['Shift+R'], (pane) => turn(pane, -90)),
    change('flip', gettext('Mirror left to right'), ['f'], (pane) => mirror(pane, 'flipHorizontal')),
    change('flip-vertical', gettext('Mirror top to bottom'), ['v'], (pane) => mirror(pane, 'flipVertical')),
    change('larger', gettext('Larger'), ['+', '='], (pane) => zoom(pane, 1.2)),
    change('smaller', gettext('Smaller'), ['-'], (pane) => zoom(pane, 1 / 1.2)),
    change('move-left', gettext('Move image left'), ['Shift+ArrowLeft'], (pane) => shift(pane, -24, 0)),
    change('move-right', gettext('Move image right'), ['Shift+ArrowRight'], (pane) => shift(pane, 24, 0)),
    change('move-up', gettext('Move image up'), ['Shift+ArrowUp'], (pane) => shift(pane, 0, -24)),
    change('move-down', gettext('Move image down'), ['Shift+ArrowDown'], (pane) => shift(pane, 0, 24)),
    change('brighter', gettext('Brighter'), [']'], (pane) => level(pane, 0, -1)),
    change('darker', gettext('Darker'), ['['], (pane) => level(pane, 0, 1)),
    change('more-contrast', gettext('More contrast'), ['}'], (pane) => level(pane, -1, 0)),
    change('less-contrast', gettext('Less contrast'), ['{'], (pane) => level(pane, 1, 0)),
    change('reset', gettext('Reset'), ['0'], reset),
    { id: 'layout-rows', label: gettext('Two windows, one above the other'), keys: [], group: 'layout', radio: true, pressed: (app) => !app.mpr && app.panes.length === 2 && app.stacked, run: (app) => app.setLayout(2, true, true) },
    { id: 'link', label: gettext('Scroll windows together'), keys: ['d'], group: 'layout', toggle: true, pressed: (app) => app.links.on, run: (app) => app.toggleLink() },
    { id: 'lines', label: gettext('Lines of the other windows'), keys: ['y'], group: 'layout', toggle: true, pressed: (app) => app.lines, run: (app) => app.toggleLines() },
    { id: 'shapes', label: gettext('Outlines, drawings and covered edges'), keys: ['Shift+K'], group: 'layout', toggle: true, pressed: (app) => app.shapesOn, run: (app) => app.toggleShapes() },
    ...[1, 2, 4].map((n) => ({ id: `layout-${n}`, label: { 1: gettext('One window'), 2: gettext('Two windows'), 4: gettext('Four windows') }[n], keys: [], group: 'layout', radio: true, pressed: (app) => !app.mpr && app.panes.length === n && !(n === 2 && app.stacked), run: (app) => app.setLayout(n) })),
    { id: 'layout', label: gettext('Next arrangement of windows'), keys: ['g'], group: 'layout', run: (app) => app.setLayout({ 1: 2, 2: 4, 4: 1 }[app.panes.length] ?? 1) },
    { id: 'mpr', label: gettext('Three planes'), keys: ['m'], group: 'layout', toggle: true, pressed: (app) => Boolean(app.mpr), run: (app) => app.toggleMpr() },
    { id: 'thicken', label: gettext('Thicker plane (brightest values, MIP)'), keys: ['u'], group: 'layout', run: (app) => thickenPlane(app) },
    { id: 'turn-plane', label: gettext('Turn the plane 10° right'), keys: ['.'], group: 'layout', run: (app) => turnPlane(app, 10) },
    { id: 'turn-plane-back', label: gettext('Turn the plane 10° left'), keys: [','], group: 'layout', run: (app) => turnPlane(app, -10) },
    { id: 'tilt-plane', label: gettext('Tilt the plane 10° forward'), keys: ['>'], group: 'layout', run: (app) => tiltPlane(app, 10) },
    { id: 'tilt-plane-back', label: gettext('Tilt the plane 10° back'), keys: ['<'], group: 'layout', run: (app) => tiltPlane(app, -10) },
    { id: 'star', label: gettext('Star'), keys: ['x'], group: 'notes', toggle: true, pressed: (app) => app.state.isKey(app.active?.place), run: (app) => app.star() },
    { id: 'cite', label: gettext('Cite this image'), keys: ['c'], group: 'notes', hidden: (app) => !framed() || app.config.role === 'patient', run: (app) => app.cited(cite(app.active)) },
    { id: 'delete', label: gettext('Delete selected measurement'), keys: ['Delete', 'Backspace'], group: 'notes', run: (app) => app.deleteSelected() },
    { id: 'undo', label: gettext('Undo'), keys: ['Ctrl+Z'], group: 'notes', run: (app) => app.undo() },
    { id: 'place', label: gettext('Measure with the keyboard'), keys: ['Enter'], group: 'notes', run: (app) => app.keyboardMeasure() },
    { id: 'help', label: gettext('Help and keys'), keys: ['?'], group: 'help', run: (app) => app.help() },
  ];
}

export const GROUPS = () => ({ tool: gettext('Tools'), measure: gettext('Measure'), images: gettext('Images'), picture: gettext('Picture'), layout: gettext('Windows'), notes: gettext('Notes'), help: gettext('Help') });
