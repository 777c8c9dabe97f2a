/** A menu under (or over) its button: arrows, first letters, Escape; radio and check items say what is on. */
import { el } from './dom.js';
import { show } from './keyboard.js';

let close = () => {};

export function openMenu(button, items, app) {
  const again = button.getAttribute('aria-expanded') === 'true';
  close();
  if (again) return;
  const choose = (command) => { close(); command.run(app); };
  const menu = el('div', { className: 'co-v-menu', aria: { role: 'menu', label: button.textContent } }, ...items.map((command) => {
    const role = command.radio ? 'menuitemradio' : command.toggle ? 'menuitemcheckbox' : 'menuitem';
    const item = el('button', { type: 'button', tabIndex: -1, aria: { role }, on: { click: () => choose(command) } }, el('span', { textContent: command.label }), command.keys[0] && el('kbd', { textContent: show(command.keys[0]), ariaHidden: 'true' }));
    if (command.pressed) item.setAttribute('aria-checked', String(Boolean(command.pressed(app))));
    return item;
  }));
  app.root.append(menu);
  const [place, size] = [button.getBoundingClientRect(), menu.getBoundingClientRect()];
  menu.style.left = `${Math.max(4, Math.min(place.left, innerWidth - size.width - 4))}px`;
  menu.style.top = `${place.bottom + size.height + 4 < innerHeight ? place.bottom + 4 : Math.max(4, place.top - size.height - 4)}px`;
  button.setAttribute('aria-expanded', 'true');
  const entries = [...menu.children];
  const outside = (event) => { if (!menu.contains(event.target) && !button.contains(event.target)) close(); };
  const key = (event) => {
    event.stopPropagation();
    const at = entries.indexOf(document.activeElement);
    if (event.key === 'Escape' || event.key === 'Tab') { close(); event.preventDefault(); return; }
    const first = entries.findIndex((entry, i) => i > at && entry.textContent.toLowerCase().startsWith(event.key.toLowerCase()));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key] ?? (event.key.length === 1 && event.key !== ' ' ? first : -2);
    if (to === -2 || (to === -1 && event.key.length === 1)) return;
    event.preventDefault();
    entries[(to + entries.length) % entries.length].focus();
  };
  menu.addEventListener('keydown', key);
  document.addEventListener('pointerdown', outside, true);
  close = () => {
    close = () => {};
    document.removeEventListener('pointerdown', outside, true);
    button.setAttribute('aria-expanded', 'false');
    menu.remove();
    button.focus();
  };
  entries[Math.max(0, entries.findIndex((entry) => entry.getAttribute('aria-checked') === 'true'))].focus();
}
