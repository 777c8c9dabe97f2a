/** Everything a person can do, once: the toolbar, the keys and the cheat sheet are all made from this table. */
import { cite, framed } from './cite.js';
import { MEASURING } from './tools.js';
import { t } from './i18n.js';

const tool = (id, label, keys, hint) => ({ id, label, keys, hint, group: id in MEASURING ? 'measure' : 'tool', radio: true, pressed: (app) => app.tools.current === id, run: (app) => app.useTool(id) });
const step = (id, label, keys, move) => ({ id, label, keys, group: 'images', run: (app) => app.active && move(app.active) });
const change = (id, label, keys, run, more = {}) => ({ id, label, keys, group: 'picture', run: (app) => app.active?.viewport && run(app.active, app), ...more });

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
    tool('scroll', t('Scroll'), ['s'], t('Drag up or down to go through the images')),
    tool('window', t('Window'), ['w'], t('Drag to change brightness and contrast')),
    tool('pan', t('Move'), ['p'], t('Drag to move the image')),
    tool('zoom', t('Zoom'), ['z'], t('Drag up or down to make the image larger or smaller')),
    tool('length', t('Length'), ['l'], t('Drag from one end to the other')),
    tool('angle', t('Angle'), ['a'], t('Drag the first line, then click the end of the second')),
    tool('ellipse', t('Ellipse'), ['e'], t('Drag from the middle outwards to see mean, spread and area')),
    tool('probe', t('Probe'), ['h'], t('Click to read the value at a point')),
    tool('arrow', t('Arrow'), ['t'], t('Drag from the point outwards, then write a text')),
    step('next', t('Next image'), ['ArrowDown', 'j'], (pane) => pane.step(1)),
    step('previous', t('Previous image'), ['ArrowUp', 'k'], (pane) => pane.step(-1)),
    step('forward', t('Ten images on'), ['PageDown'], (pane) => pane.step(10)),
    step('back', t('Ten images back'), ['PageUp'], (pane) => pane.step(-10)),
    step('first', t('First image'), ['Home'], (pane) => pane.goTo(0)),
    step('last', t('Last image'), ['End'], (pane) => pane.goTo(pane.ids.length - 1)),
    { id: 'next-series', label: t('Next series'), keys: ['ArrowRight'], group: 'images', run: (app) => app.stepSeries(1) },
    { id: 'previous-series', label: t('Previous series'), keys: ['ArrowLeft'], group: 'images', run: (app) => app.stepSeries(-1) },
    { id: 'next-pane', label: t('Next window'), keys: ['n'], group: 'images', run: (app) => app.nextPane() },
    { id: 'play', label: t('Play'), keys: [' '], group: 'images', toggle: true, pressed: (app) => app.cine.playing(app.active), run: (app) => app.play() },
    change('invert', t('Invert'), ['i'], (pane) => { pane.viewport.setProperties({ invert: !pane.viewport.getProperties().invert }); pane.viewport.render(); },
      { toggle: true, pressed: (app) => Boolean(app.active?.enabled && app.active.inverted) }),
    change('rotate', t('Turn right'), ['r'], (pane) => turn(pane, 90)),
    change('rotate-back', t('Turn left'), ['Shift+R'], (pane) => turn(pane, -90)),
    change('flip', t('Mirror left to right'), ['f'], (pane) => mirror(pane, 'flipHorizontal')),
    change('flip-vertical', t('Mirror top to bottom'), ['v'], (pane) => mirror(pane, 'flipVertical')),
    change('larger', t('Larger'), ['+', '='], (pane) => zoom(pane, 1.2)),
    change('smaller', t('Smaller'), ['-'], (pane) => zoom(pane, 1 / 1.2)),
    change('move-left', t('Move image left'), ['Shift+ArrowLeft'], (pane) => shift(pane, -24, 0)),
    change('move-right', t('Move image right'), ['Shift+ArrowRight'], (pane) => shift(pane, 24, 0)),
    change('move-up', t('Move image up'), ['Shift+ArrowUp'], (pane) => shift(pane, 0, -24)),
    change('move-down', t('Move image down'), ['Shift+ArrowDown'], (pane) => shift(pane, 0, 24)),
    change('brighter', t('Brighter'), [']'], (pane) => level(pane, 0, -1)),
    change('darker', t('Darker'), ['['], (pane) => level(pane, 0, 1)),
    change('more-contrast', t('More contrast'), ['}'], (pane) => level(pane, -1, 0)),
    change('less-contrast', t('Less contrast'), ['{'], (pane) => level(pane, 1, 0)),
    change('reset', t('Reset'), ['0'], reset),
    ...[1, 2, 4].map((n) => ({ id: `layout-${n}`, label: { 1: t('One window'), 2: t('Two windows'), 4: t('Four windows') }[n], keys: [], group: 'layout', radio: true, pressed: (app) => !app.mpr && app.panes.length === n, run: (app) => app.setLayout(n) })),
    { id: 'layout', label: t('Next arrangement of windows'), keys: ['g'], group: 'layout', run: (app) => app.setLayout({ 1: 2, 2: 4, 4: 1 }[app.panes.length] ?? 1) },
    { id: 'mpr', label: t('Three planes'), keys: ['m'], group: 'layout', toggle: true, pressed: (app) => Boolean(app.mpr), run: (app) => app.toggleMpr() },
    { id: 'star', label: t('Star'), keys: ['x'], group: 'notes', toggle: true, pressed: (app) => app.state.isKey(app.active?.place), run: (app) => app.star() },
    { id: 'cite', label: t('Cite this image'), keys: ['c'], group: 'notes', hidden: (app) => !framed() || app.config.role === 'patient', run: (app) => app.cited(cite(app.active)) },
    { id: 'delete', label: t('Delete selected measurement'), keys: ['Delete', 'Backspace'], group: 'notes', run: (app) => app.deleteSelected() },
    { id: 'place', label: t('Measure with the keyboard'), keys: ['Enter'], group: 'notes', run: (app) => app.keyboardMeasure() },
    { id: 'help', label: t('Help and keys'), keys: ['?'], group: 'help', run: (app) => app.help() },
  ];
}

export const GROUPS = () => ({ tool: t('Tools'), measure: t('Measure'), images: t('Images'), picture: t('Picture'), layout: t('Windows'), notes: t('Notes'), help: t('Help') });
