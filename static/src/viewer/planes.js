/** Entering and leaving the three-plane arrangement of windows. */
import { gettext } from './i18n.js';
import { idsOf, prepare, refusal, release } from './mpr.js';
import { readPlane, writePlane } from './volume.js';

export async function enterPlanes(app, series) {
  await series.load().catch(() => null);
  const why = refusal(series);
  if (why) { app.tell(gettext('“{name}” cannot be shown in three planes: {why}.', { name: series.name, why })); return; }
  const { index } = app.active;
  try {
    const stacks = await prepare(series, (done, count) => app.tell(gettext('Loading {done} of {count} images for three planes…', { done, count })));
    app.tell('');
    app.setLayout(3, false);
    app.mpr = series;
    const cuts = ['sagittal', 'coronal'].map((plane, i) => app.panes[i + 1].show(series, undefined, { plane, ids: stacks[plane] }));
    await Promise.all([app.panes[0].show(series, index), ...cuts]);
    app.activate(app.panes[0]);
  } catch {
    app.tell(gettext('“{name}” cannot be shown in three planes: some of its images could not be loaded.', { name: series.name }));
  }
  app.update();
}

/** Closes the cut planes and gives their memory back. */
export function leavePlanes(app) {
  for (const pane of app.panes.filter((one) => one.reformatted)) pane.destroy();
  app.panes = app.panes.filter((one) => one.node.isConnected);
  app.mpr = null;
  release();
}

const BASES = ['axial', 'sagittal', 'coronal'];

/** Shows another cut in a window of the three: turned, thicker, or as it was. The first window's plain slices are the originals. */
export async function showPlane(app, pane, name) {
  const plane = { ...readPlane(name) };
  const old = pane.plane ? readPlane(pane.plane) : { base: 'axial', turn: 0 };
  const series = app.mpr;
  const range = pane.viewport?.getProperties().voiRange;
  const share = pane.ids.length > 1 ? pane.index / (pane.ids.length - 1) : 0.5;
  const originals = name === 'axial';
  const ids = originals ? series.ids : idsOf(series, name);
  const same = plane.base === old.base && plane.turn === old.turn && pane.ids.length === ids.length && !originals && pane.plane;
  await pane.show(series, same ? pane.index : Math.round(share * (ids.length - 1)), originals ? null : { plane: name, ids });
  if (range) { pane.viewport?.setProperties({ voiRange: range }); pane.viewport?.render(); }
}

function change(app, changed) {
  const pane = app.active;
  if (!app.mpr || !pane) { app.tell(gettext('Open the three planes first (M).')); return undefined; }
  const plane = pane.plane ? readPlane(pane.plane) : { base: BASES[0], turn: 0, thick: 0 };
  const next = changed(plane);
  return next && showPlane(app, pane, writePlane(next));
}

/** Turns the window's plane about the body's long axis. */
export const turnPlane = (app, degrees) => change(app, (plane) => {
  if (plane.base === 'axial') { app.tell(gettext('Choose one of the two cut planes to turn it.')); return null; }
  return { ...plane, turn: ((plane.turn + degrees + 270) % 180) - 90 };
});

const THICK = [0, 10, 20, 40];
/** None, 10, 20, 40 mm: the brightest value of so much tissue. */
export const thickenPlane = (app) => change(app, (plane) => ({ ...plane, thick: THICK[(THICK.indexOf(plane.thick) + 1) % THICK.length] }));

/** "coronal, turned 30°, brightest of 10 mm". */
export function planeLabel(name) {
  const { base, turn, thick } = readPlane(name);
  const word = { axial: gettext('axial'), sagittal: gettext('sagittal'), coronal: gettext('coronal') }[base];
  return [word, turn && gettext('turned {degrees}°', { degrees: turn }), thick && gettext('brightest of {mm} mm', { mm: thick })].filter(Boolean).join(', ');
}
