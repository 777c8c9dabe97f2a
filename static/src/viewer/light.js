/** The light viewer: pictures made by the server, for machines that can draw nothing themselves and for slow lines. */
import { reason } from './api.js';
import { announcer, clamp, el } from './dom.js';
import { listenForOpen } from './cite.js';
import { calibration, lossy } from './dicom.js';
import { gettext } from './i18n.js';
import { middle } from './order.js';
import { presetsFor } from './presets.js';

export class LightApp {
  constructor(context, why = '') {
    Object.assign(this, context, { why, series: null, index: 0, preset: null });
  }

  async start() {
    const { catalog, config } = this;
    this.picture = el('img', { className: 'co-v-light-image', alt: '', on: { load: () => this.shown(), error: () => this.failed() } });
    this.message = el('p', { className: 'co-v-message', hidden: true });
    this.slider = el('input', { type: 'range', className: 'co-v-light-slider', min: 1, max: 1, aria: { label: gettext('Image') }, on: { input: () => this.goTo(this.slider.value - 1) } });
    this.choice = el('select', { className: 'co-v-select', aria: { label: gettext('Series') }, on: { change: () => this.open(catalog.series[this.choice.value]) } },
      ...catalog.series.map((series, i) => el('option', { value: i, textContent: [series.study.date, series.modality, series.name, series.other && gettext('not shown here')].filter(Boolean).join(' · ') })));
    this.windows = el('select', { className: 'co-v-select', aria: { label: gettext('Brightness preset') }, on: { change: () => { this.preset = this.presets[this.windows.value]; this.goTo(this.index); } } });
    this.whose = el('p', { className: 'co-v-light-whose' });
    this.live = el('p', { className: 'co-v-live', aria: { live: 'polite', atomic: 'true' } });
    this.announce = announcer(this.live);
    const full = new URL(window.location.href);
    full.searchParams.delete('light');
    const plain = config.plain ? el('a', { href: `${config.plain}?study=${config.studies[0]}`, textContent: gettext('Simple pages') }) : '';
    const link = this.why ? el('span', { textContent: this.why }) : el('a', { href: full.href, textContent: gettext('Open the full viewer') });
    const button = (text, by) => el('button', { type: 'button', className: 'co-v-button', textContent: text, on: { click: () => this.goTo(this.index + by) } });
    this.root.replaceChildren(
      el('header', { className: 'co-v-top co-v-light-top' }, this.choice, this.windows, link, plain),
      el('section', { className: 'co-v-light', aria: { label: gettext('Image') } }, this.whose, this.picture, this.message),
      el('div', { className: 'co-v-light-bar' }, button(gettext('Previous'), -1), this.slider, button(gettext('Next'), 1)),
      el('p', { className: 'co-v-notice' }, el('span', { textContent: `${gettext('Simple view: pictures at reduced quality, no measuring.')} ${config.notice}` })), this.live);
    document.addEventListener('keydown', (event) => this.key(event));
    this.picture.parentElement.addEventListener('wheel', (event) => { event.preventDefault(); this.goTo(this.index + Math.sign(event.deltaY)); }, { passive: false });
    listenForOpen((place) => { const series = catalog.find(place.series); if (series) this.open(series, place); });
    const first = catalog.find(config.series) ?? catalog.first(catalog.studies[0]);
    if (first) await this.open(first, config);
  }

  /** After signing in again. */
  resume() { this.goTo(this.index); }

  key(event) {
    if (event.target.matches('select, input') || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (!by) return;
    event.preventDefault();
    this.goTo(this.index + by);
  }

  async open(series, place = {}) {
    this.series = series;
    this.choice.value = this.catalog.series.indexOf(series);
    this.whose.textContent = [series.study.patient, series.study.date, series.name].filter(Boolean).join(' · ');
    this.say(gettext('Loading {name}…', { name: series.name }));
    try {
      await series.load();
    } catch (error) {
      this.say(gettext('“{name}” could not be opened: {reason}.', { name: series.name, reason: reason(error) }));
      return;
    }
    if (!series.images.length) {
      this.picture.hidden = true;
      this.say(gettext('“{name}” holds no pictures ({kind}). It is kept with the records and is not shown in this viewer.', { name: series.name, kind: series.other || gettext('empty series') }));
      return;
    }
    const count = series.images.length;
    this.slider.max = count;
    this.preset = null;
    this.presets = presetsFor(series.modality, series.images[0].dataset);
    this.windows.replaceChildren(el('option', { value: '', textContent: gettext('Brightness…') }), ...this.presets.filter((preset) => preset.width).map((preset, i) => el('option', { value: i, textContent: preset.name })));
    const asked = place.instance ? series.indexOf(place) : -1;
    this.goTo(asked >= 0 ? asked : middle(count));
  }

  goTo(index) {
    const images = this.series?.images ?? [];
    if (!images.length) return;
    this.index = clamp(index, 0, images.length - 1);
    const { place, dataset } = images[this.index];
    this.slider.value = this.index + 1;
    this.picture.hidden = true;
    this.say(gettext('Loading image {n}…', { n: this.index + 1 }));
    this.picture.src = this.api.renderedUrl(place, this.preset);
    const { study } = this.series;
    const loss = lossy(dataset);
    this.whose.replaceChildren(...[
      [study.patient || gettext('Name not in the file'), study.date, study.description].filter(Boolean).join(' · '),
      [this.series.name, gettext('image {n} of {count}', { n: this.index + 1, count: images.length })].join(' · '),
      [loss && gettext('Compressed with loss'), calibration(dataset) === 'none' && gettext('No scale in this image')].filter(Boolean).join(' · '),
    ].filter(Boolean).map((text) => el('span', { textContent: text })));
  }

  shown() {
    this.say('');
    this.picture.hidden = false;
    this.picture.alt = gettext('{name}, image {n} of {count}', { name: this.series.name, n: this.index + 1, count: this.series.images.length });
    this.announce(gettext('Image {n} of {count}', { n: this.index + 1, count: this.series.images.length }));
  }

  /** <img> does not tell why: ask once more with a request that does. */
  async failed() {
    const { src } = this.picture;
    let error = { status: 0 };
    try { error = await this.api.request(src); } catch { /* the line is down: status 0 says so */ }
    if (src !== this.picture.src) return;
    this.say(gettext('Image {n} of {count} could not be shown: {reason}. The other images are not affected.', { n: this.index + 1, count: this.series.images.length, reason: reason(error) }));
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }
}
