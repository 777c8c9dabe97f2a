/** The toolbar: one stop for Tab, arrows inside (ARIA toolbar pattern); related commands share a menu. */
import { el } from './dom.js';
import { icon } from './icons.js';
import { gettext } from './i18n.js';
import { openMenu } from './menu.js';
import { show } from './keyboard.js';

const ROOMY = [['scroll', 'window', 'pan', 'zoom', 'locate'], ['length', 'angle', 'ellipse', 'probe', 'arrow', 'MORE'], ['PRESETS', 'invert', 'TURN', 'reset'], ['LAYOUT', 'PLAY'], ['star', 'cite'], ['help']];
const COMPACT = [['SERIES', 'scroll', 'window', 'zoom', 'pan', 'MEASURE'], ['PRESETS', 'invert', 'TURN', 'reset', 'LAYOUT', 'PLAY', 'star', 'cite', 'help']];
const MENUS = {
  TURN: { icon: 'turn', label: () => gettext('Turn'), items: ['rotate', 'rotate-back', 'flip', 'flip-vertical'] },
  LAYOUT: { icon: 'layout', label: () => gettext('Windows'), items: ['layout-1', 'layout-2', 'layout-rows', 'layout-4', 'mpr', 'thicken', 'turn-plane', 'turn-plane-back', 'tilt-plane', 'tilt-plane-back', 'link', 'lines', 'shapes'] },
  MORE: { icon: 'measure', label: () => gettext('More'), items: ['cobb', 'rectangle', 'text', 'undo'] },
  MEASURE: { icon: 'measure', label: () => gettext('Measure'), items: ['length', 'angle', 'cobb', 'ellipse', 'rectangle', 'probe', 'arrow', 'text', 'locate', 'undo'] },
};
const SHORT = { cite: () => gettext('Cite'), help: () => gettext('Help') };

export class Toolbar {
  constructor(app, table) {
    Object.assign(this, { app, byId: new Map(table.map((command) => [command.id, command])), buttons: new Map() });
    this.node = el('div', { className: 'co-v-toolbar', aria: { role: 'toolbar', label: gettext('Viewer tools') }, on: { keydown: (event) => this.keys(event), focusin: (event) => this.rove(event.target) } });
    this.compact = matchMedia('(max-width: 900px)');
    this.compact.addEventListener('change', () => this.build());
    this.build();
  }

  build() {
    this.buttons.clear();
    const group = (names) => el('div', { className: 'co-v-group' }, ...names.map((name) => this.control(name)));
    this.node.replaceChildren(...(this.compact.matches ? COMPACT : ROOMY).map(group));
    this.rove(this.stops[0]);
    this.update();
  }

  control(name) {
    if (name === 'PRESETS') return this.presets();
    if (name === 'PLAY') return this.player();
    if (name === 'SERIES') return this.button('series', gettext('Series'), { onclick: () => this.app.toggleSidebar() });
    if (MENUS[name]) return this.menuButton(name);
    const command = this.byId.get(name);
    const button = this.button(name, SHORT[name]?.() ?? command.label, { onclick: () => command.run(this.app), title: `${command.hint ?? command.label} (${command.keys.map((key) => show(key)).join(', ')})` });
    if (SHORT[name]) button.setAttribute('aria-label', command.label);
    if (command.pressed) button.setAttribute('aria-pressed', 'false');
    this.buttons.set(name, { button, command });
    return button;
  }

  button(symbol, label, properties) {
    return el('button', { type: 'button', className: 'co-v-tool', ...properties }, icon(symbol), el('span', { textContent: label }));
  }

  menuButton(name) {
    const { icon: symbol, label, items } = MENUS[name];
    const button = this.button(symbol, label(), { onclick: () => openMenu(button, items.map((id) => this.byId.get(id)), this.app) });
    button.setAttribute('aria-haspopup', 'menu');
    button.setAttribute('aria-expanded', 'false');
    if (name === 'MEASURE' || name === 'MORE') this.measure = { button, items };
    return button;
  }

  presets() {
    this.select = el('select', { className: 'co-v-select', aria: { label: gettext('Brightness preset') }, on: { change: () => { this.app.preset(Number(this.select.value)); this.app.active?.canvas.focus(); } } });
    this.offered = null;
    return this.select;
  }

  player() {
    this.rate = el('select', { className: 'co-v-select co-v-select--rate', aria: { label: gettext('Images a second') }, on: { change: () => { this.app.cine.rate = Number(this.rate.value); } } },
      ...[1, 2, 5, 10, 15, 20, 25, 30, 40, 60].map((n) => el('option', { value: n, textContent: gettext('{n}/s', { n }) })));
    return el('span', { className: 'co-v-player' }, this.control('play'), this.rate);
  }

  update() {
    for (const { button, command } of this.buttons.values()) {
      if (command.pressed) button.setAttribute('aria-pressed', String(Boolean(command.pressed(this.app))));
      button.hidden = Boolean(command.hidden?.(this.app));
    }
    if (this.measure) this.measure.button.classList.toggle('co-v-tool--on', this.measure.items.includes(this.app.tools.current));
    const play = this.buttons.get('play');
    const playing = play?.command.pressed(this.app);
    play?.button.querySelector('svg').replaceWith(icon(playing ? 'pause' : 'play'));
    const offered = this.app.active?.presets ?? [];
    const key = offered.map((preset) => preset.name).join('|');
    if (key !== this.offered) {
      this.offered = key;
      this.select.replaceChildren(el('option', { value: '', textContent: gettext('Brightness…') }), ...offered.map((preset, i) => el('option', { value: i, textContent: i < 9 ? `${i + 1}  ${preset.name}` : preset.name })));
    }
    const chosen = this.app.active?.preset ?? -1;
    this.select.value = chosen < 0 ? '' : String(chosen);
    this.setRate(this.app.cine.rate);
  }

  setRate(rate) {
    if (![...this.rate.options].some((option) => Number(option.value) === rate)) this.rate.append(el('option', { value: rate, textContent: gettext('{n}/s', { n: rate }) }));
    this.rate.value = String(rate);
  }

  get stops() { return [...this.node.querySelectorAll('button, select')].filter((node) => !node.hidden); }

  rove(target) {
    const current = target?.closest?.('button, select');
    if (!current) return;
    for (const node of this.node.querySelectorAll('button, select')) node.tabIndex = node === current ? 0 : -1;
  }

  keys(event) {
    const move = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!move || event.shiftKey) return;
    const stops = this.stops;
    const at = stops.indexOf(event.target.closest('button, select'));
    const to = Number.isFinite(move) ? (at + move + stops.length) % stops.length : move > 0 ? stops.length - 1 : 0;
    event.preventDefault();
    stops[to].focus();
  }
}
