// Loaded on every page. Small modules, each started only where its data- attribute is present.
import htmx from 'htmx.org';
import { startAutosave } from './autosave.js';
import { startComponents } from './components.js';
import { startIdle } from './idle.js';
import { startKeys } from './keys.js';
import { csrfToken } from './net.js';
import { startSmall } from './small.js';

document.body.classList.add('js-enabled');
startComponents(document);

document.addEventListener('htmx:config:request', (event) => {
  const { request, sourceElement } = event.detail.ctx;
  // A page that asks by itself is nobody's presence: the session still ends when nobody is there.
  if (/\bevery\b/.test(sourceElement?.getAttribute('hx-trigger') ?? '')) request.headers['X-Background'] = '1';
  if (!/^(GET|HEAD)$/i.test(request.method)) request.headers['X-CSRFToken'] = csrfToken();
});
document.addEventListener('htmx:after:swap', (event) => {
  const target = event.detail?.ctx?.target;
  if (target instanceof Element && target.isConnected) startComponents(target);
});
htmx.config.historyCacheSize = 0; // nothing of a case is kept by the browser

document.querySelectorAll('form[data-autosave]').forEach(startAutosave);
document.querySelectorAll('[data-keys]').forEach(startKeys);
startIdle(document);
startSmall(document);
