/** Entering and leaving the three-plane arrangement of windows. */
import { gettext } from './i18n.js';
import { planeNow, planeOfImage } from './links.js';
import { anglesOf, idsOf, prepare, refusal, release } from './mpr.js';
import { meeting, nearestTo } from './space.js';
import { readPlane, writePlane } from './volume.js';

export async function enterPlanes(app, series) {
  await series.load().catch(() => null);
  const why = refusal(series);
  if (why) { app.tell(gettext('“{name}” cannot be shown in three planes: {why}.', { name: series.name, why })); return; }
  const { index } = app.active;
  const bright = app.active.series === series && app.active.ids.length ? app.active.viewport?.getProperties().voiRange : null;
  try {
    const stacks = await prepare(series, (done, count) => app.tell(gettext('Loading {done} of {count} images for three planes…', { done, count })));
    app.tell('');
    app.setLayout(3, false);
    app.mpr = series;
    const cuts = ['sagittal', 'coronal'].map((plane, i) => app.panes[i + 1].show(series, undefined, { plane, ids: stacks[plane] }));
    await Promise.all([app.panes[0].show(series, index), ...cuts]);
    for (const { viewport } of bright ? app.panes : []) { viewport?.setProperties({ voiRange: bright }); viewport?.render(); }   // as it was on the screen, in all three
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

/** Where the three planes meet; null where they do not say how they lie. */
export function crossing(app) {
  const planes = app.panes.map(planeNow);
  return planes.length === 3 && planes.every(Boolean) ? meeting(planes) : null;
}

/** What a window of the three shows. */
const planeIn = (pane) => (pane.plane ? readPlane(pane.plane) : { base: BASES[0], turn: 0, tilt: 0, thick: 0 });

/**
 * Shows another cut in a window of the three: turned, tilted, thicker, or as it was; still through the place where the planes met.
 * The first window's plain slices are the originals.
 */
export async function showPlane(app, pane, name, through = crossing(app)) {
  const plane = readPlane(name);
  const old = planeIn(pane);
  const series = app.mpr;
  const range = pane.viewport?.getProperties().voiRange;
  const share = pane.ids.length > 1 ? pane.index / (pane.ids.length - 1) : 0.5;
  const originals = name === 'axial';
  const ids = originals ? series.ids : idsOf(series, name);
  const same = plane.turn === old.turn && plane.tilt === old.tilt && pane.ids.length === ids.length && !originals && pane.plane;
  const index = same ? pane.index : through ? nearestTo(ids.map(planeOfImage), through) : Math.round(share * (ids.length - 1));
  await pane.show(series, index, originals ? null : { plane: name, ids });
  if (range) { pane.viewport?.setProperties({ voiRange: range }); pane.viewport?.render(); }
}

function change(app, changed) {
  const pane = app.active;
  if (!app.mpr || !pane) { app.tell(gettext('Open the three planes first (M).')); return undefined; }
  return showPlane(app, pane, writePlane(changed(planeIn(pane))));
}

const around = (degrees) => ((degrees + 270) % 180) - 90;
/** Turns the window's plane about its upright axis, tilts it about its level one. */
export const turnPlane = (app, degrees) => change(app, (plane) => ({ ...plane, turn: around(plane.turn + degrees) }));
export const tiltPlane = (app, degrees) => change(app, (plane) => ({ ...plane, tilt: around(plane.tilt + degrees) }));

/** Lays the plane of a window across this normal, through this point. */
export function layPlane(app, pane, normal, through) {
  const plane = planeIn(pane);
  return showPlane(app, pane, writePlane({ ...plane, ...anglesOf(app.mpr, plane.base, normal) }), through);
}

const THICK = [0, 10, 20, 40];
/** None, 10, 20, 40 mm: the brightest value of so much tissue. */
export const thickenPlane = (app) => change(app, (plane) => ({ ...plane, thick: THICK[(THICK.indexOf(plane.thick) + 1) % THICK.length] }));

/** "coronal, turned 30°, brightest of 10 mm". */
export function planeLabel(name) {
  const { base, turn, tilt, thick } = readPlane(name);
  const word = { axial: gettext('axial'), sagittal: gettext('sagittal'), coronal: gettext('coronal') }[base];
  return [word, turn && gettext('turned {degrees}°', { degrees: turn }), tilt && gettext('tilted {degrees}°', { degrees: tilt }), thick && gettext('brightest of {mm} mm', { mm: thick })].filter(Boolean).join(', ');
}
