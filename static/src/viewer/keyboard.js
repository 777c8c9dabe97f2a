/** Keys to commands, and the sheet that lists them. Single letters can be switched off (WCAG 2.1.4). */
import { GROUPS } from './commands.js';
import { openDialog } from './dialog.js';
import { el } from './dom.js';
import { gettext } from './i18n.js';

const OFF = 'consilium.viewer.letters-off';
const NAMES = { ' ': 'Space', ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', PageUp: 'Page Up', PageDown: 'Page Down' };
const store = { get off() { try { return localStorage.getItem(OFF) === '1'; } catch { return false; } }, set off(value) { try { localStorage.setItem(OFF, value ? '1' : '0'); } catch { /* private window: kept for this page only */ } } };

/** 'Shift+R', 'ArrowDown', '?', 'Ctrl+Z' (also with the Mac's command key): Shift is named only where it does not already show in the key. */
export function keyName(event) {
  const single = event.key.length === 1;
  const letter = single && event.key.toLowerCase() !== event.key.toUpperCase();
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.shiftKey ? 'Shift+' : ''}${letter ? event.key.toUpperCase() : event.key}`;
  return event.shiftKey && (letter || !single) ? `Shift+${letter ? event.key.toUpperCase() : event.key}` : letter ? event.key.toLowerCase() : event.key;
}

const isLetter = (key) => key.length === 1 && key !== ' ' && key !== '?';

/** Whether the focused control needs this key itself. */
function controlKeeps(target, key) {
  if (target.closest('[role=menu], dialog')) return true;
  if (target.matches('input[type=checkbox]')) return [' ', 'Enter'].includes(key);
  if (target.matches('select, textarea, input:not([type=range])')) return true;
  if (target.matches('input[type=range]')) return !isLetter(key);
  if (target.closest('[role=toolbar]') && ['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) return true;
  if (target.closest('button, a') && [' ', 'Enter'].includes(key)) return true;
  return Boolean(target.closest('[data-scrolls]')) && /^(Arrow|Page|Home|End)/.test(key);
}

/** Captured before cornerstone sees it, which would swallow every key pressed on an image, Tab among them. */
export function listenForKeys(app, table) {
  const byKey = new Map(table.flatMap((command) => command.keys.map((key) => [key, command])));
  const handle = (event) => {
    const key = keyName(event);
    const held = key.startsWith('Ctrl+');
    if (held ? !byKey.has(key) || event.target.matches('input:not([type=range], [type=checkbox]), textarea') : app.takeKey?.(event)) return !held;
    if (controlKeeps(event.target, key) || (!held && isLetter(event.key) && store.off)) return false;
    if (/^[1-9]$/.test(event.key)) { app.preset(Number(event.key) - 1); return true; }
    const command = byKey.get(key);
    if (!command || command.hidden?.(app)) return false;
    command.run(app);
    return true;
  };
  document.addEventListener('keydown', (event) => {
    if (event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target instanceof Element && handle(event)) { event.preventDefault(); event.stopPropagation(); return; }
    if (event.key !== 'Shift' && event.target.closest?.('.co-v-canvas')) event.stopPropagation();
  }, { capture: true });
}

const capital = (part) => (part.length === 1 ? part.toUpperCase() : part);
export const show = (key) => (key === '+' ? key : key.split('+').map((part) => NAMES[part] ?? capital(part)).join(' '));

export function helpDialog(app, table) {
  const groups = Object.entries(GROUPS()).map(([group, title]) => {
    const rows = table.filter((command) => command.group === group && command.keys.length && !command.hidden?.(app))
      .map((command) => el('tr', {}, el('th', { scope: 'row' }, command.label, command.hint ? el('small', { textContent: command.hint }) : ''),
        el('td', {}, ...command.keys.flatMap((key, i) => [i ? ` ${gettext('or')} ` : '', el('kbd', { textContent: show(key) })]))));
    if (group === 'picture') rows.push(el('tr', {}, el('th', { scope: 'row', textContent: gettext('Brightness presets') }), el('td', {}, el('kbd', { textContent: '1' }), ` ${gettext('to')} `, el('kbd', { textContent: '9' }))));
    return el('section', {}, el('h3', { textContent: title }), el('table', {}, el('tbody', {}, ...rows)));
  });
  const off = el('input', { type: 'checkbox', id: 'co-v-letters', checked: store.off, on: { change: () => { store.off = off.checked; } } });
  const mouse = el('p', { textContent: gettext('Mouse: wheel scrolls, right button zooms, Shift and drag moves. Touch: two fingers zoom, three move.') });
  return openDialog(gettext('Help and keys'), el('div', { className: 'co-v-help', tabIndex: 0, data: { scrolls: '' }, aria: { role: 'region', label: gettext('Keys') } }, mouse, el('div', { className: 'co-v-help-groups' }, ...groups),
    el('p', { className: 'co-v-check' }, off, el('label', { htmlFor: 'co-v-letters', textContent: gettext('Switch off keys that are a single letter or sign') }))));
}
