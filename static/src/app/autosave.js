import { csrfToken, post } from './net.js';
import { revisionToSubmit, Saver } from './saver.js';

const time = () => new Date().toLocaleTimeString(document.documentElement.lang || 'en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

// English words are the fallback; base.html gives the translated ones as data- attributes of the state line.
const WORDS = {
  clean: '',
  unsaved: 'Not saved yet',
  saving: 'Saving…',
  saved: 'Saved %s',
  offline: 'No connection. Your words are kept on this page; we keep trying.',
  conflict: 'This was changed in another tab or by someone else. Nothing of yours is lost on this page.',
  invalid: 'Not saved: look at the marked answers.',
  signedout: 'You are signed out. Sign in again in a new tab, then come back here: your words are still on this page.',
};

/** A control's current values as the server would get them from a plain form. */
export function valuesOf(form, name) {
  return [...new FormData(form).getAll(name)].filter((value) => typeof value === 'string');
}

/**
 * <form data-autosave="URL" data-revision="3"> … <p data-autosave-state></p>
 * POSTs the changed fields plus `revision`, `autosave=1` and `fields` (every changed name, so that an emptied checkbox is told from one not sent).
 */
export function startAutosave(form) {
  const line = form.querySelector('[data-autosave-state]') ?? document.querySelector('[data-autosave-state]');
  const revisionField = form.querySelector('input[name="revision"]');
  const state = (name, data) => {
    if (revisionField) revisionField.value = revisionToSubmit(name, data, revisionField.value);
    form.dispatchEvent(new CustomEvent('autosave:state', { bubbles: true, detail: { state: name, data } }));
    if (!line) return;
    line.dataset.state = name;
    line.textContent = (line.dataset[`text${name[0].toUpperCase()}${name.slice(1)}`] ?? WORDS[name]).replace('%s', time());
    if (name === 'conflict') offerReload(line, form);
  };
  const saver = new Saver({
    revision: revisionField?.value ?? form.dataset.revision ?? '',
    delay: Number(form.dataset.autosaveDelay ?? 800),
    onState: state,
    send: async (changes, revision) => {
      const body = new FormData();
      body.append('csrfmiddlewaretoken', csrfToken());
      body.append('autosave', '1');
      body.append('revision', revision);
      for (const [name, values] of changes) {
        body.append('fields', name);
        values.forEach((value) => body.append(name, value));
      }
      const response = await post(form.dataset.autosave, body, { method: form.dataset.autosaveMethod ?? 'POST', keepalive: sizeOf(changes) < 60000, redirect: 'manual' });
      if (response.type === 'opaqueredirect') return { status: 401, data: {} };
      const data = response.headers.get('content-type')?.includes('json') ? await response.json() : {};
      showErrors(form, data.errors ?? {}, [...changes.keys()]);
      return { status: response.status, data };
    },
  });

  const note = (event) => {
    const { name, type } = event.target;
    if (!name || type === 'file' || type === 'hidden' || name === 'csrfmiddlewaretoken' || event.target.closest('[data-autosave-ignore]')) return;
    saver.change(name, valuesOf(form, name));
  };
  form.addEventListener('input', note);
  form.addEventListener('change', note);
  window.addEventListener('online', () => saver.dirty && saver.flush());
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && saver.dirty && saver.flush());
  document.addEventListener('idle:extended', () => saver.state === 'signedout' && saver.flush());
  let leaving = false;
  form.addEventListener('submit', (event) => {
    if (leaving || !saver.dirty || saver.state === 'conflict') {
      leaving = true;
      return;
    }
    // The submit carries every field, but with the revision of the last save: let the save that is under way finish first.
    event.preventDefault();
    const { submitter } = event;
    saver.flush().finally(() => {
      leaving = true;
      form.requestSubmit(submitter ?? undefined);
    });
  });
  window.addEventListener('beforeunload', (event) => {
    if (!leaving && saver.dirty) event.preventDefault();
  });
  form.saver = saver;
  return saver;
}

const sizeOf = (changes) => [...changes.values()].flat().reduce((sum, value) => sum + value.length * 3, 0);

function offerReload(line, form) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'co-link-button';
  button.textContent = line.dataset.textReload ?? 'Load the newest version and drop my change';
  button.addEventListener('click', () => {
    form.saver.waiting.clear();
    window.location.reload();
  });
  line.append(' ', button);
}

function showErrors(form, errors, sent) {
  for (const name of sent) {
    const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
    const group = field?.closest('.nhsuk-form-group');
    const message = errors[name]?.[0];
    const old = group?.querySelector('[data-autosave-error]');
    if (!group || (!message && !old)) continue;
    group.classList.toggle('nhsuk-form-group--error', Boolean(message));
    old?.remove();
    if (!message) continue;
    const span = document.createElement('span');
    span.className = 'nhsuk-error-message';
    span.dataset.autosaveError = '';
    span.textContent = message;
    field.before(span);
  }
}
