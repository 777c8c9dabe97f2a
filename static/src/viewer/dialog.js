/** Small dialogs on the browser's own <dialog>: focus stays inside, Escape closes, focus returns. */
import { el } from './dom.js';
import { gettext } from './i18n.js';

let serial = 0;

export function openDialog(title, body, { bare = false, onClose = () => {} } = {}) {
  serial += 1;
  const id = `co-v-dialog-${serial}`;
  const close = el('button', { type: 'button', className: 'co-v-button', textContent: gettext('Close'), autofocus: true, on: { click: () => node.close() } });
  const node = el('dialog', { className: 'co-v-dialog', aria: { labelledby: id } },
    el('h2', { id, textContent: title }), body, bare ? null : el('div', { className: 'co-v-dialog-buttons' }, close));
  node.addEventListener('keydown', (event) => event.stopPropagation());
  node.addEventListener('mousedown', (event) => { if (event.target === node) event.preventDefault(); });   // a press beside the field (also the end of the tap that opened it) keeps the focus in the field
  node.addEventListener('close', () => { node.remove(); onClose(node.returnValue); });
  document.body.append(node);
  node.showModal();
  return node;
}

/** Asks for one line of text; answers '' when cancelled. */
export function askText(label, current = '') {
  return new Promise((resolve) => {
    const input = el('input', { type: 'text', className: 'co-v-input', value: current, maxLength: 200, autocomplete: 'off', aria: { label } });
    const form = el('form', { method: 'dialog' }, input,
      el('div', { className: 'co-v-dialog-buttons' },
        el('button', { className: 'co-v-button co-v-button--main', value: 'ok', textContent: gettext('Save text') }),
        el('button', { className: 'co-v-button', value: '', type: 'button', textContent: gettext('Cancel'), on: { click: () => node.close('') } })));
    const node = openDialog(label, form, { bare: true, onClose: (value) => resolve(value === 'ok' ? input.value.trim() : '') });
    input.select();
  });
}
