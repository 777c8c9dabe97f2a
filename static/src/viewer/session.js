/** When the session ends under an open viewer: sign in beside it and go on, so that no measurement is lost. */
import { el } from './dom.js';
import { gettext } from './i18n.js';

export function signedOut(config, api, goOn) {
  if (document.querySelector('.co-v-signed-out')) return;
  const still = el('p', { aria: { live: 'polite' } });
  const again = async () => {
    if (!(await api.renewToken())) { still.textContent = gettext('You are not signed in yet. Sign in first, then choose “Go on”.'); return; }
    dialog.close();
    goOn();
  };
  const dialog = el('dialog', { className: 'co-v-dialog co-v-signed-out', aria: { labelledby: 'co-v-out' }, on: { close: () => dialog.remove() } },
    el('h2', { id: 'co-v-out', textContent: gettext('You have been signed out') }),
    el('p', { textContent: gettext('Sign in again in a new tab, come back here and choose “Go on”. Nothing on this screen is lost until you close it.') }), still,
    el('div', { className: 'co-v-dialog-buttons' },
      el('a', { className: 'co-v-button co-v-button--main', href: config.signIn, target: '_blank', rel: 'noopener', textContent: gettext('Sign in') }),
      el('button', { type: 'button', className: 'co-v-button', textContent: gettext('Go on'), on: { click: again } })));
  document.body.append(dialog);
  dialog.showModal();
}
