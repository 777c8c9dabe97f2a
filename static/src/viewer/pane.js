/** One image window: a cornerstone stack viewport with its slider, its texts and its troubles. */
import { cache, Enums, eventTarget } from '@cornerstonejs/core';
import { reason } from './api.js';
import { calibration, geometry, naturallyInverted } from './dicom.js';
import { showArea } from './canvas.js';
import { clamp, el } from './dom.js';
import { register } from './engine.js';
import { gettext } from './i18n.js';
import { concerns, turnOf, windowFor } from './marks.js';
import { middle } from './order.js';
import { sheet } from './paper.js';
import { COLOURS } from './outlines.js';
import { showSlide } from './slide.js';
import { layerOver } from './slidemarks.js';
import { buildOverlay, updateOverlay } from './overlay.js';
import { autoWindow, presetsFor, rangeOf, windowOf } from './presets.js';
import { LOCATE } from './tools.js';

export class Pane {
  constructor(app, number) {
    Object.assign(this, { app, number, id: `pane-${number}`, series: null, ids: [], index: 0, plane: '', rotation: 0, enabled: false });
    this.canvas = el('div', { className: 'co-v-canvas', tabIndex: 0, aria: { role: 'group', roledescription: gettext('image window') }, on: { contextmenu: (event) => event.preventDefault() } });
    this.message = el('p', { className: 'co-v-message', hidden: true });
    this.slider = el('input', { type: 'range', className: 'co-v-slider', min: 1, max: 1, step: 1, hidden: true, on: { input: () => this.goTo(this.slider.value - 1) } });
    this.lines = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    this.lines.setAttribute('class', 'co-v-lines');
    this.lines.setAttribute('aria-hidden', 'true');
    this.node = el('section', { className: 'co-v-pane' }, this.canvas, this.lines, this.slider, this.message);
    buildOverlay(this);
    this.label();
    this.say(gettext('Choose a series from the list'));
    for (const name of ['pointerdown', 'focusin']) this.node.addEventListener(name, () => app.activate(this), true);
    const listen = (name, handler) => this.canvas.addEventListener(name, handler);
    listen(Enums.Events.STACK_NEW_IMAGE, () => this.arrived());
    listen(Enums.Events.PRE_STACK_NEW_IMAGE, ({ detail }) => this.leaving(detail.imageIdIndex));
    for (const name of ['IMAGE_RENDERED', 'CAMERA_MODIFIED']) listen(Enums.Events[name], () => { updateOverlay(this); app.redrawLines(); });
    this.canvas.addEventListener('pointerdown', (event) => this.pointed(event), { capture: true });
    listen(Enums.Events.VOI_MODIFIED, () => { updateOverlay(this); app.brightened(this); });
    this.onError = ({ detail }) => { if (this.enabled && this.ids[this.index] === detail.imageId) this.failed(detail.error); };
    eventTarget.addEventListener(Enums.Events.IMAGE_LOAD_ERROR, this.onError);
  }

  get viewport() { return this.enabled ? this.app.engine.getViewport(this.id) : null; }
  get reformatted() { return this.plane !== ''; }
  /** Headers and place of what is on screen; cut images borrow the headers of the series. */
  get image() { return this.series?.images[this.reformatted ? 0 : this.index] ?? null; }
  /** Whether the header says where the image lies in the body; projections are laid flat for the renderer only. */
  get hasPlace() { return Boolean(this.image) && (this.reformatted || geometry(this.image.dataset, 'position').length === 3 || Boolean(this.image.dataset['52009230'])); }
  get place() { return this.reformatted ? null : this.image?.place ?? null; }
  get presets() { return this.image ? presetsFor(this.series.modality, this.image.dataset) : []; }

  enable() {
    if (this.enabled) return;
    this.app.engine.enableElement({ viewportId: this.id, element: this.canvas, type: Enums.ViewportType.STACK, defaultOptions: { background: [0, 0, 0] } });
    this.enabled = true;
    this.app.tools.addViewport(this.id);
  }

  /** With the locating tool a press shows the same place in every window. */
  pointed(event) {
    if (this.app.tools.current !== LOCATE || event.button || event.shiftKey || !this.viewport || !this.ids.length) return;
    const box = this.canvas.getBoundingClientRect();
    event.preventDefault();
    event.stopPropagation();
    this.canvas.focus();
    this.app.locate(this, this.viewport.canvasToWorld([event.clientX - box.left, event.clientY - box.top]));
  }

  destroy() {
    this.bare();
    eventTarget.removeEventListener(Enums.Events.IMAGE_LOAD_ERROR, this.onError);
    if (this.enabled) this.app.engine.disableElement(this.id);
    this.enabled = false;
    this.node.remove();
  }

  /** Shows a series from its middle, or from `index`; `cut` = {plane, ids} for reformatted planes; `papers`: what it holds beside its images. */
  async show(series, index, cut = null, papers = false) {
    const ticket = (this.ticket = Symbol('show'));
    this.app.cine.stop(this);
    if (series !== this.series) this.node.classList.add('co-v-pane--waiting');   // the old picture must not stand under the new name
    this.series = series;
    this.bare();
    const paper = sheet(series);
    if (paper && !papers) await series.load().catch(() => null);
    if (this.ticket !== ticket) return;
    if (paper && (papers || !series.images.length)) { this.lay(paper); return; }
    this.say(gettext('Loading {name}…', { name: series.name }));
    try {
      await series.load();
    } catch (error) {
      if (this.ticket === ticket) this.trouble(gettext('“{name}” could not be opened: {reason}.', { name: series.name, reason: reason(error) }));
      return;
    }
    if (this.ticket !== ticket) return;
    if (series.slide) { await this.slideIn(series, ticket); return; }
    if (!series.images.length) {
      Object.assign(this, { ids: [], index: 0, plane: '' });
      this.slider.hidden = true;
      this.node.classList.add('co-v-pane--sheet');
      this.app.changed(this);
      updateOverlay(this);
      this.app.redrawLines();
      this.say(gettext('“{name}” holds no pictures ({kind}). It is kept with the records and is not shown in this viewer.', { name: series.name, kind: series.other || gettext('empty series') }));
      return;
    }
    register(series);
    Object.assign(this, { plane: cut?.plane ?? '', ids: cut?.ids ?? series.ids, rotation: 0 });
    this.enable();
    this.slider.max = this.ids.length;
    this.slider.hidden = this.ids.length < 2;
    this.index = clamp(index ?? middle(this.ids.length), 0, this.ids.length - 1);
    this.app.changed(this);
    try {
      await this.viewport.setStack(this.ids, this.index);
      if (this.ticket !== ticket || this.viewport.getCornerstoneImage()?.imageId !== this.ids[this.index]) return;   // failed: onError has told
      this.viewport.resetCamera();
      this.natural();
      this.arrived();
    } catch (error) {
      if (this.ticket === ticket) this.failed(error);
    }
    this.app.prefetcher.pump();
  }

  /** Takes off what lay over the images. */
  bare() {
    this.slideViewer?.destroy();
    this.sheet?.remove();
    Object.assign(this, { slideViewer: null, slideMarks: null, sheet: null, applied: null });
    this.node.classList.remove('co-v-pane--sheet');
  }

  /** Lays a paper, a video or a slide over the window; there is no stack then. */
  lay(node) {
    Object.assign(this, { sheet: node, ids: [], index: 0, plane: '' });
    this.slider.hidden = true;
    this.say('');
    this.node.classList.add('co-v-pane--sheet');
    this.node.append(node);
    this.app.changed(this);
    updateOverlay(this);
  }

  async slideIn(series, ticket) {
    const host = el('div', { className: 'co-v-slide', aria: { role: 'group', label: series.name } });
    this.lay(host);
    try {
      const viewer = await showSlide(host, series, series.slide, this.app.api);
      if (this.ticket !== ticket) { viewer.destroy(); return; }
      Object.assign(this, { slideViewer: viewer, slideMarks: layerOver(host, viewer, COLOURS) });
      this.app.redrawLines();
    } catch {
      this.bare();
      this.trouble(gettext('The slide “{name}” could not be shown: its header does not say how its parts lie.', { name: series.name }));
    }
  }

  /** Sets the images up as a presentation state says; answers whether there was one to show. */
  async apply(mark, series) {
    const index = series.images.findIndex(({ place }) => concerns(mark, place));
    await this.show(series, index < 0 ? undefined : index);
    if (this.viewport?.getCornerstoneImage()?.imageId !== this.ids[this.index] || !this.place) return false;
    this.applied = mark;
    const chosen = windowFor(mark, this.place);
    if (chosen) this.setWindow(chosen);
    if (mark.inverse) this.viewport.setProperties({ invert: !this.invertedByNature });
    const { rotation, flip } = turnOf(mark);
    if (flip) this.viewport.setCamera({ flipHorizontal: true });
    this.rotation = rotation;
    this.viewport.setViewPresentation({ rotation });
    this.viewport.render();
    showArea(this, mark);
    this.app.redrawLines();
    return true;
  }

  goTo(index) {
    if (!this.enabled || !this.ids.length) return Promise.resolve();
    const target = clamp(Math.round(index), 0, this.ids.length - 1);
    return this.viewport.setImageIdIndex(target).catch((error) => { if (this.index === target) this.failed(error); });
  }

  /** Asks once more for what could not be shown; the renderer itself does not ask twice for the image that it stands at. */
  again() {
    if (!this.series || !this.node.classList.contains('co-v-pane--failed')) return;
    this.show(this.series, this.index, this.plane ? { plane: this.plane, ids: this.ids } : null);
  }

  step(by, wrap = false) {
    const next = this.index + by;
    return this.goTo(wrap ? (next + this.ids.length) % this.ids.length : next);
  }

  /** Between asking for an image and having it the old one must not pass for the new one. */
  leaving(index) {
    this.index = index;
    this.slider.value = index + 1;
    if (!cache.getImageLoadObject(this.ids[index]) || !cache.isLoaded(this.ids[index])) this.say(gettext('Loading image {n}…', { n: index + 1 }));
    this.app.prefetcher.pump();
  }

  arrived() {
    this.index = this.viewport.getCurrentImageIdIndex();
    this.slider.value = this.index + 1;
    this.node.classList.remove('co-v-pane--waiting');
    this.say('');
    this.label();
    updateOverlay(this);
    this.app.moved(this);
  }

  failed(error) {
    const why = (error?.status ?? error?.error?.status) === 404 ? gettext('its pixels are damaged or of a kind that cannot be drawn, or you may no longer see it') : reason(error);
    this.trouble(gettext('Image {n} of {count} could not be shown: {reason}. The other images are not affected.', { n: this.index + 1, count: this.ids.length, reason: why }));
    this.slider.value = this.index + 1;
    updateOverlay(this);
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
    this.node.classList.remove('co-v-pane--failed');
  }

  trouble(text) {
    this.say(text);
    this.node.classList.add('co-v-pane--failed');
    this.app.announce(text);
  }

  label() {
    const where = this.ids.length ? gettext('image {n} of {count}', { n: this.index + 1, count: this.ids.length }) : gettext('empty');
    const name = [gettext('Window {n}', { n: this.number }), this.series?.study.date, this.series?.name, this.plane, where].filter(Boolean).join(', ');
    this.canvas.setAttribute('aria-label', name);
    this.slider.setAttribute('aria-label', gettext('Image, window {n}', { n: this.number }));
    this.slider.setAttribute('aria-valuetext', where);
  }

  /** Polarity as its header says, and a window even if the header has none. */
  natural() {
    this.viewport.setProperties({ invert: this.invertedByNature });
    const { voiRange } = this.viewport.getProperties();
    if (!voiRange || !(voiRange.upper > voiRange.lower)) this.setWindow({ width: null });
    this.viewport.render();
  }

  get mirrored() {
    const { flipHorizontal = false, flipVertical = false } = this.viewport?.getCamera() ?? {};
    return flipHorizontal !== flipVertical;
  }

  get invertedByNature() { return Boolean(this.image) && naturallyInverted(this.image.dataset); }
  get inverted() { return this.ids.length > 0 && Boolean(this.viewport?.getProperties?.().invert) !== this.invertedByNature; }

  /** Whether the image still fills the window as when it was opened; then it shall do so in a window of another size. */
  get fitted() {
    const { viewport } = this;
    return Boolean(viewport) && Math.abs(viewport.getZoom() - 1) < 0.01 && Math.hypot(...viewport.getPan()) < 2;
  }

  fit() {
    const { flipHorizontal = false, flipVertical = false } = this.viewport.getCamera();
    this.viewport.resetCamera({ resetPan: true, resetZoom: true, resetToCenter: true });
    this.viewport.setCamera({ flipHorizontal, flipVertical });
    this.viewport.setViewPresentation({ rotation: this.rotation });
    this.viewport.render();
  }

  /** Index of the preset whose window is on screen, -1 for one of the person's own. */
  get preset() {
    const range = this.viewport?.getProperties?.().voiRange;
    if (!range) return -1;
    const now = windowOf(range);
    return this.presets.findIndex(({ width, center }) => width && Math.abs(width - now.width) < 0.6 && Math.abs(center - now.center) < 0.6);
  }

  setWindow({ width, center, share }) {
    if (!this.viewport) return;
    const image = this.viewport.getCornerstoneImage();
    if (share) ({ width, center } = autoWindow(image?.getPixelData?.() ?? [], share, image) ?? {});
    const full = { lower: image?.minPixelValue ?? 0, upper: Math.max(image?.maxPixelValue ?? 1, (image?.minPixelValue ?? 0) + 1) };
    this.viewport.setProperties({ voiRange: width ? rangeOf({ width, center }) : full });
    this.viewport.render();
  }

  get calibration() { return this.image ? calibration(this.image.dataset) : 'calibrated'; }
}
