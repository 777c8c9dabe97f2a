/** Citations: a chip under the statement that names a record. The server makes the id and the label; nothing here is believed. */
import { post } from '../app/net.js';

const toast = (text) => document.dispatchEvent(new CustomEvent('toast', { detail: text }));

export function startCites(form, show) {
  let last = null;
  form.addEventListener('focusin', ({ target }) => {
    const block = target.closest('[data-block]');
    if (block?.querySelector('[data-cites]') && target.matches('input, textarea, select')) last = block;
  });
  const save = (area) => {
    const ids = [...area.querySelectorAll('[data-cite]')].map((one) => one.dataset.cite);
    form.saver?.change(area.dataset.cites, ids);
  };
  form.addEventListener('click', ({ target }) => {
    const remove = target.closest('[data-uncite]');
    if (remove) {
      const area = remove.closest('[data-cites]');
      remove.closest('[data-cite]').remove();
      save(area);
      area.closest('[data-block]').querySelector('textarea, input:not([type="hidden"])')?.focus();
      return;
    }
    const chip = target.closest('[data-open-kind]');
    if (chip) {
      const { openKind: kind, study, series, instance, frame, document: id, page } = chip.dataset;
      show({ kind, study, series, instance, frame, document: id, page });
    }
  });

  const add = async (record) => {
    if (!last?.isConnected) {
      toast(form.dataset.textNowhere);
      return;
    }
    const area = last.querySelector('[data-cites]');
    const body = new FormData();
    for (const [name, value] of Object.entries(record)) body.append(name, value ?? '');
    const answer = await post(form.dataset.citeUrl, body).then((response) => response.json()).catch(() => ({}));
    if (!answer.id) {
      toast(answer.error ?? form.querySelector('[data-autosave-state]')?.dataset.textOffline ?? '');
      return;
    }
    const list = area.querySelector('[data-cite-list]');
    if (!list.querySelector(`[data-cite="${answer.id}"]`)) list.append(chip(form, area.dataset.cites, answer));
    save(area);
    toast(`${form.dataset.textCited} ${answer.label}`);
  };
  return { add };
}

function chip(form, name, cited) {
  const item = document.createElement('li');
  item.dataset.cite = cited.id;
  const open = document.createElement('button');
  open.type = 'button';
  open.className = 'co-chip';
  open.textContent = cited.label;
  Object.assign(open.dataset, { openKind: cited.kind });
  for (const key of ['study', 'series', 'instance', 'frame', 'document', 'page']) open.dataset[key] = cited[key] ?? '';
  const remove = document.createElement('button');
  remove.type = 'button';
  remove.className = 'co-link-button';
  remove.dataset.uncite = '';
  remove.textContent = '×';
  remove.setAttribute('aria-label', `${form.dataset.textUncite} ${cited.label}`);
  const hidden = document.createElement('input');
  Object.assign(hidden, { type: 'hidden', name, value: cited.id });
  item.append(open, remove, hidden);
  return item;
}
