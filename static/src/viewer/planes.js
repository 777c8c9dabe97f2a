/** Entering and leaving the three-plane arrangement of windows. */
import { gettext } from './i18n.js';
import { prepare, refusal, release } from './mpr.js';

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
