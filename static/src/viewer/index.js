/** Entry: read the page, fetch the lists, then bring the whole viewer or the light one. */
import './viewer.css';
import { Api, reason } from './api.js';
import { loadCatalog, wantedFirst } from './catalog.js';
import { readConfig } from './config.js';
import { el } from './dom.js';
import { gettext } from './i18n.js';
import { signedOut } from './session.js';

const root = document.getElementById('viewer');
const config = readConfig(root, window.location.search);

function tell(title, ...lines) {
  root.replaceChildren(el('section', { className: 'co-v-stop', aria: { role: 'alert' } }, el('h2', { textContent: title }), ...lines.map((text) => el('p', { textContent: text }))));
}

async function light(context, why) {
  const { LightApp } = await import('./light.js');
  const app = new LightApp(context, why);
  await app.start();
  return app;
}

async function start() {
  if (!config.studies.length) { tell(gettext('No study was chosen'), gettext('Open the viewer from a case, beside the images you want to see.')); return; }
  const api = new Api(config, () => signedOut(config, api, () => (app ? app.resume() : window.location.reload())));
  let app;
  const whole = config.light ? null : import('./full.js');   // comes while the lists come
  whole?.catch(() => null);
  const catalog = await loadCatalog(api, config.studies);
  if (!catalog.studies.length) { tell(gettext('These images cannot be opened'), gettext('The reason: {reason}.', { reason: reason(catalog.failures[0]?.error) }), gettext('Go back to the case and try again. If it stays like this, write to your coordinator.')); return; }
  const context = { root, config, api, catalog };
  if (config.light) {
    app = await light(context);
  } else {
    try {
      wantedFirst(config, catalog)?.load().catch(() => null);   // its headers come while the engine starts
      const { App } = await whole;
      app = new App(context);
      await app.start();
    } catch (error) {
      console.warn('viewer falls back to the light view', error);
      app = await light(context, gettext('This browser cannot draw the images itself.'));
    }
  }
  if (catalog.failures.length) app.tell?.(gettext('{n} of {count} studies could not be opened: {reason}.', { n: catalog.failures.length, count: config.studies.length, reason: reason(catalog.failures[0].error) }));
  window.addEventListener('online', () => app.resume());
  root.dataset.ready = 'true';
  root.consilium = app;   // tests and support look in here
}

start().catch((error) => {
  console.warn('viewer did not start', error);
  tell(gettext('The viewer could not start'), gettext('Reload the page. If it stays like this, write to your coordinator.'));
});
