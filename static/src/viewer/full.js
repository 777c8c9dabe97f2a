/** The whole viewer: windows, tools and list around cornerstone. */
import { cache } from '@cornerstonejs/core';
import { wantedFirst } from './catalog.js';
import { Cine } from './cine.js';
import { framed, listenForOpen } from './cite.js';
import { commands } from './commands.js';
import { announcer, el } from './dom.js';
import { startEngine } from './engine.js';
import { helpDialog, listenForKeys } from './keyboard.js';
import { gettext } from './i18n.js';
import { keyPlaces } from './marks.js';
import { registerReslicing } from './mpr.js';
import { likeness } from './order.js';
import { updateOverlay } from './overlay.js';
import { drawLines } from './lines.js';
import { Links, planeNow } from './links.js';
import { isShapes, toggleShapes } from './outlines.js';
import { Pane } from './pane.js';
import { enterPlanes, leavePlanes, showPlane } from './planes.js';
import { startPointer } from './pointer.js';
import { Prefetcher } from './prefetch.js';
import { Sidebar } from './sidebar.js';
import { State } from './state.js';
import { Toolbar } from './toolbar.js';
import { MEASURING, Tools } from './tools.js';
import { readPlane } from './volume.js';

export class App {
  constructor(context) {
    Object.assign(this, context, { panes: [], active: null, mpr: null, stacked: false, lines: true, spot: null, shapes: [], shapesOn: true });
    this.links = new Links(this);
    this.newest = this.catalog.studies.map((study) => study.rawDate).sort().at(-1);
    this.cine = new Cine(() => this.toolbar?.update());
    this.prefetcher = new Prefetcher(this.api, () => [this.active, ...this.panes.filter((pane) => pane !== this.active)].filter(Boolean), (series) => this.sidebar.update(series));
  }

  async start() {
    const { engine, cpu } = await startEngine({ cpu: this.config.cpu, api: this.api, catalog: this.catalog, changed: (series) => this.sidebar?.update(series) });
    this.engine = engine;
    this.cpu = cpu;
    this.tools = new Tools();
    registerReslicing();
    this.live = el('p', { className: 'co-v-live', aria: { live: 'polite', atomic: 'true' } });
    this.announce = announcer(this.live);
    this.state = new State(this.api, this.catalog, () => this.notesChanged());
    const table = commands();
    this.table = table;
    this.toolbar = new Toolbar(this, table);
    this.sidebar = new Sidebar(this);
    this.grid = el('div', { className: 'co-v-grid' });
    this.status = el('span', { className: 'co-v-status' });
    this.toast = el('p', { className: 'co-v-toast', hidden: true });
    const notice = el('p', { className: 'co-v-notice' }, el('span', {}, this.config.notice, ' ', this.config.plain ? el('a', { href: `${this.config.plain}?study=${this.config.studies[0]}`, target: framed() ? '_blank' : '_self', rel: 'noopener', textContent: gettext('Simple pages') }) : ''), this.status);
    this.root.replaceChildren(el('header', { className: 'co-v-top' }, this.toolbar.node), el('div', { className: 'co-v-body' }, this.sidebar.node, this.grid), this.toast, notice, this.live);
    listenForKeys(this, table);
    listenForOpen((place) => this.openPlace(place));
    new ResizeObserver(() => this.resize()).observe(this.grid);
    this.useTool(matchMedia('(pointer: coarse)').matches ? 'scroll' : 'window');
    await this.first();
    await this.state.restore();
    this.engine.render();
    this.sidebar.refresh();
  }

  /** The asked-for image, or the middle of the first series; the second study stands beside it where there is room. */
  async first() {
    const { config, catalog } = this;
    const wanted = wantedFirst(config, catalog);
    const two = catalog.studies.length > 1 && !matchMedia('(max-width: 640px)').matches;
    this.setLayout(two ? 2 : 1, false);
    if (!wanted) return;
    await this.panes[0].show(wanted, await this.indexIn(wanted, config));
    if (two) { await this.fill(this.panes[1]); this.links.tie(); }
    this.activate(this.panes[0]);
  }

  async indexIn(series, { instance, frame }) {
    if (!instance) return undefined;
    await series.load().catch(() => null);
    const index = series.indexOf({ instance, frame });
    return index < 0 ? undefined : index;
  }

  setLayout(count, fill = true, stacked = false) {
    if (this.mpr) leavePlanes(this);
    while (this.panes.length > count) this.panes.pop().destroy();
    while (this.panes.length < count) {
      const pane = new Pane(this, this.panes.length + 1);
      this.panes.push(pane);
      this.grid.append(pane.node);
    }
    this.stacked = stacked;
    this.grid.dataset.windows = stacked ? `${count}-rows` : count;
    if (!this.panes.includes(this.active)) this.activate(this.panes[0]);
    this.resize();
    if (fill) for (const pane of this.panes.filter((one) => !one.series)) this.fill(pane);
    this.update();
  }

  /** An empty window takes the earlier examination's counterpart of the first window, else the next series. */
  fill(pane) {
    const current = this.panes[0].series;
    const shown = new Set(this.panes.map((one) => one.series));
    const free = this.catalog.series.filter((one) => !one.other && !shown.has(one));
    const others = this.panes.some((one) => one.series && one.series.study !== current?.study);
    const best = others ? free[0] : free.sort((a, b) => likeness(b, current) - likeness(a, current))[0];
    return best ? pane.show(best) : undefined;
  }

  resize() {
    const fitted = this.panes.filter((pane) => pane.fitted);
    if (!this.panes.some((pane) => pane.enabled)) return;
    this.engine.resize(true, true);
    for (const pane of fitted) pane.fit();
  }

  activate(pane) {
    if (this.active === pane) return;
    this.active = pane;
    for (const one of this.panes) one.node.classList.toggle('co-v-pane--active', one === pane && this.panes.length > 1);
    this.redrawLines();
    this.update();
    this.prefetcher.pump();
  }

  nextPane() {
    const pane = this.panes[(this.panes.indexOf(this.active) + 1) % this.panes.length];
    pane.canvas.focus();
    this.activate(pane);
  }

  /** `papers`: of a series that holds images as well, its reports and videos. */
  open(series, papers = false) {
    if (this.mpr) this.setLayout(1, false);
    const mark = !papers && series.study.beside.marks.find((one) => one.series === series.uid);
    const shown = mark ? this.openMark(mark) : this.active.show(series, undefined, null, papers);
    (this.active.sheet ?? this.active.canvas).focus();
    return shown;
  }

  /** A presentation state is applied, outlines are drawn; of a key object selection the first image is opened. */
  async openMark(mark) {
    if (isShapes(mark)) { await toggleShapes(this, mark); return; }
    const places = [];
    for (const { series: uid } of mark.references ?? []) await this.catalog.find(uid)?.load().catch(() => null);
    if (mark.kind === 'presentation') {
      const series = (mark.references ?? []).map(({ series: uid }) => this.catalog.find(uid)).find((one) => one?.images.length);
      if (series) { const drawn = await this.active.apply(mark, series); this.active.canvas.focus(); if (drawn) this.tell(gettext('Shown as “{label}” was set up.', { label: mark.label || series.name })); return; }
    } else {
      places.push(...keyPlaces(mark, (instance) => this.catalog.seriesOf(mark, instance)));
      if (places.length) { await this.openPlace(places[0]); return; }
    }
    this.tell(gettext('The images it speaks of are not among the studies opened here.'));
  }

  stepSeries(by) {
    const list = this.catalog.series.filter((series) => !series.other);
    const at = list.indexOf(this.active?.series);
    if (list.length > 1) this.open(list[(at + by + list.length) % list.length]);
  }

  /** Goes to a cited, starred or measured image. */
  async openPlace(place) {
    const series = this.catalog.find(place.series);
    if (!series || (place.study && series.study.uid !== place.study)) { this.tell(gettext('The cited image is not among the studies opened here.')); return; }
    if (place.plane) {
      if (this.mpr !== series) { this.active.series = series; await this.enterMpr(series); }
      const { base } = readPlane(place.plane);
      const pane = this.panes[{ axial: 0, sagittal: 1, coronal: 2 }[base]];
      if (pane && pane.plane !== place.plane) await showPlane(this, pane, place.plane);
      await pane?.goTo(place.slice);
      return;
    }
    if (this.mpr) this.setLayout(1, false);
    const pane = this.panes.find((one) => one.series === series && !one.reformatted) ?? this.active;
    const index = await this.indexIn(series, place);
    if (place.instance && index === undefined) this.tell(gettext('The cited image is no longer in “{name}”.', { name: series.name }));
    if (pane.series === series && pane.ids.length) await pane.goTo(index ?? pane.index); else await pane.show(series, index);
    this.activate(pane);
  }

  toggleLink() {
    this.tell(this.links.toggle() ? gettext('Windows scroll together from where they stand now.') : gettext('Every window scrolls by itself.'));
    this.update();
  }

  /** What others drew over the images or covered: outlines, overlay planes and shutters. */
  toggleShapes() {
    this.shapesOn = !this.shapesOn;
    this.tell(this.shapesOn ? gettext('Outlines, drawings and covered edges are shown.') : gettext('Outlines, drawings and covered edges are hidden.'));
    this.redrawLines();
    this.update();
  }

  toggleLines() {
    this.lines = !this.lines;
    this.redrawLines();
    this.update();
  }

  /** Once a frame, however many windows ask. */
  redrawLines() {
    this.drawing ??= requestAnimationFrame(() => { this.drawing = null; drawLines(this); });
  }

  locate(pane, point) {
    const plane = planeNow(pane);
    if (!plane) { this.tell(gettext('This image does not say where it lies in the body.')); return; }
    this.spot = { frame: plane.frame, point: [...point] };
    if (!this.links.locate(pane, this.spot.point)) this.tell(gettext('No other window shows this place.'));
    this.redrawLines();
  }

  toggleMpr() {
    if (this.mpr) { this.setLayout(1, false); return undefined; }
    return this.active?.series ? this.enterMpr(this.active.series) : undefined;
  }

  enterMpr(series) { return enterPlanes(this, series); }

  /** After signing in again, or when the connection is back: what failed is asked for once more, what was changed is saved. */
  resume() {
    for (const series of this.catalog.series) {
      series.failed.clear();
      for (const image of series.images) image.alone = false;
    }
    for (const pane of this.panes) pane.again();
    this.prefetcher.pump();
    this.state.saveAll();
  }

  /** Bytes of decoded images that are held now. */
  cacheSize() { return cache.getCacheSize(); }

  useTool(name) {
    this.tools.use(name);
    this.announce(this.table.find((command) => command.id === name)?.label ?? name);
    this.toolbar.update();
  }

  preset(index) {
    const preset = this.active?.presets[index];
    if (!preset) return;
    this.active.setWindow(preset);
    this.announce(preset.name);
  }

  play() {
    if (!this.cine.playing(this.active)) this.cine.rate = this.cine.rateFor === this.active?.series ? this.cine.rate : Cine.rateOf(this.active);
    this.cine.rateFor = this.active?.series;
    this.cine.toggle(this.active);
  }

  star() {
    if (!this.active?.place) { this.tell(gettext('Only original images can be starred.')); return; }
    this.tell(this.state.toggleKey(this.active.place) ? gettext('Image starred') : gettext('Star removed'));
    this.update();
  }

  cited(message) {
    this.tell(message ? gettext('Cited: {label}', { label: message.label }) : gettext('Only original images can be cited. Go to the image in its own series.'));
  }

  deleteSelected() {
    const chosen = this.state.selected();
    for (const uid of chosen) this.state.remove(uid);
    this.tell(chosen.length ? gettext('Measurement deleted. “Undo” (Ctrl Z) brings it back.') : gettext('Select a measurement first, or use the list of measurements.'));
  }

  undo() {
    this.tell(this.state.undo() ? gettext('Taken back') : gettext('There is nothing to take back.'));
    this.engine.render();
    this.update();
  }

  keyboardMeasure() {
    if (!this.active?.viewport) return;
    if (!(this.tools.current in MEASURING)) { this.tell(gettext('Choose a measuring tool first: L, A, O, E, B, H or T.')); return; }
    this.pointer?.stop();
    this.active.canvas.focus();
    this.pointer = startPointer(this.active, this.tools.current, { announce: (text) => this.tell(text), done: (text) => { this.pointer = null; this.tell(text); } });
  }

  /** While measuring by keyboard the cross takes the keys it knows, as long as the image has the focus. */
  takeKey(event) {
    if (event.key === 'Escape' && this.root.classList.contains('co-v--list')) { this.toggleSidebar(false); this.toolbar.node.querySelector('button')?.focus(); return true; }
    return Boolean(this.pointer) && event.target === this.active?.canvas && this.pointer.key(event);
  }

  help() { helpDialog(this, this.table); }

  toggleSidebar(open = !this.root.classList.contains('co-v--list')) {
    this.root.classList.toggle('co-v--list', open);
    if (open && matchMedia('(max-width: 900px)').matches) this.sidebar.node.querySelector('button')?.focus();
  }

  tell(text) {
    clearTimeout(this.toasting);
    this.toast.textContent = text;
    this.toast.hidden = !text;
    if (text) { this.announce(text); this.toasting = setTimeout(() => { this.toast.hidden = true; }, 7000); }
  }

  /** A window took another series. */
  changed(pane) {
    if (pane === this.active) this.cine.rate = Cine.rateOf(pane);
    pane.label();
    this.update();
  }

  /** A window shows another image. */
  moved(pane) {
    this.redrawLines();
    if (pane !== this.active) return;
    this.links.follow(pane);
    if (!this.cine.playing(pane)) this.announce(gettext('Image {n} of {count}', { n: pane.index + 1, count: pane.ids.length }));
    this.toolbar.update();
  }

  brightened(pane) {
    if (pane !== this.active || this.painting) return;
    this.painting = requestAnimationFrame(() => { this.painting = 0; this.toolbar.update(); });
  }

  notesChanged() {
    this.status.textContent = this.state?.status ?? '';
    this.sidebar?.refresh();
    for (const pane of this.panes) updateOverlay(pane);
  }

  update() {
    this.toolbar?.update();
    this.sidebar?.refresh();
  }
}
