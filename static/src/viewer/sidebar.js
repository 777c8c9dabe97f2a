/** The list beside the images: studies with their series, then starred images and measurements. */
import { el } from './dom.js';
import { figures } from './figures.js';
import { gettext } from './i18n.js';
import { keyPlaces } from './marks.js';
import { COLOURS, isShapes, partsOf } from './outlines.js';
import { besideOf } from './paper.js';
import { planeLabel } from './planes.js';

const NAMES = {
  length: () => gettext('Length'), angle: () => gettext('Angle'), cobb: () => gettext('Cobb angle'), ellipse: () => gettext('Ellipse'), rectangle: () => gettext('Rectangle'), probe: () => gettext('Probe'), arrow: () => gettext('Arrow'),
  text: () => gettext('Text'),
};

const imageCount = (n) => (n === 1 ? gettext('1 image') : gettext('{n} images', { n }));

export class Sidebar {
  constructor(app) {
    Object.assign(this, { app, items: new Map(), drawn: '' });
    this.notes = el('div', { className: 'co-v-notes' });
    this.node = el('nav', { className: 'co-v-sidebar', id: 'co-v-sidebar', tabIndex: 0, data: { scrolls: '' }, aria: { label: gettext('Series') } }, ...app.catalog.studies.map((study) => this.study(study)), this.notes);
  }

  study(study) {
    const kind = this.app.catalog.studies.length > 1 && study.rawDate !== this.app.newest ? el('span', { className: 'co-v-tag', textContent: gettext('Earlier') }) : '';
    return el('section', { className: 'co-v-study' },
      el('h2', {}, el('span', { textContent: study.date || gettext('No date') }), kind, el('small', { textContent: study.description })),
      el('ul', {}, ...study.series.map((series) => el('li', {}, ...this.item(series)))));
  }

  item(series) {
    const picture = el('span', { className: 'co-v-thumb' });
    if (series.other) picture.textContent = series.modality;
    else picture.append(el('img', { src: this.app.api.thumbnailUrl(series.study.uid, series.uid), alt: '', loading: 'lazy', width: 72, height: 72, on: { error: (event) => event.target.replaceWith(series.modality) } }));
    const count = el('small');
    const bar = el('progress', { max: 1, value: 0, hidden: true, aria: { label: gettext('Loaded') } });
    const name = series.other && !series.description ? series.other : series.name;
    const button = el('button', { type: 'button', className: 'co-v-series', on: { click: () => { this.app.open(series); this.app.toggleSidebar(false); } } }, picture, el('span', {}, el('strong', { textContent: name }), count, bar));
    const { papers } = besideOf(series);
    const label = papers.map(({ title }) => title).join(', ') || gettext('Video');
    const beside = el('button', { type: 'button', className: 'co-v-beside', hidden: true, textContent: label, on: { click: () => { this.app.open(series, true); this.app.toggleSidebar(false); } } });
    this.items.set(series, { button, count, bar, beside });
    this.update(series);
    return [button, beside];
  }

  update(series) {
    const { button, count, bar, beside } = this.items.get(series);
    const total = series.images.length;
    const [loaded, failed] = [series.loaded.size, series.failed.size];
    const other = series.other && gettext(series.other);
    const { papers, videos } = besideOf(series);
    const opens = papers.length || series.study.beside.marks.some((mark) => mark.series === series.uid);
    beside.hidden = !total || !(papers.length || videos.length);
    const kind = total ? '' : videos.length ? gettext('Video') : series.slide || series.modality === 'SM' ? gettext('Microscope slide') : opens ? other : other && gettext('{kind}: not shown here', { kind: other });
    count.textContent = [series.modality, kind || imageCount(total || series.count), failed ? gettext('{n} failed', { n: failed }) : ''].filter(Boolean).join(' · ');
    bar.hidden = !total || loaded === 0 || loaded >= total;
    bar.value = total ? loaded / total : 0;
    button.dataset.loaded = `${loaded}/${total}`;
    if (this.app.active?.series === series) button.setAttribute('aria-current', 'true'); else button.removeAttribute('aria-current');
    button.classList.toggle('co-v-series--open', this.app.panes.some((pane) => pane.series === series));
  }

  /** A segmentation or structure set: its name shows or hides it all, its parts one by one. */
  outlined(mark) {
    const { app } = this;
    const shown = app.shapes.find((one) => one.mark === mark);
    const name = mark.label || { segmentation: gettext('Segmentation'), rt_structures: gettext('Radiotherapy structures'), annotations: gettext('Marks on the slide') }[mark.kind];
    const part = ({ number: n, label }, i) => {
      const box = el('input', { type: 'checkbox', checked: !shown.hidden.has(n), data: { note: `${mark.instance}/${n}` }, on: { change: () => { if (box.checked) shown.hidden.delete(n); else shown.hidden.add(n); app.redrawLines(); } } });
      return el('label', { className: 'co-v-part' }, box, el('i', { className: `co-v-swatch co-v-swatch--${i % COLOURS}` }), `${n}  ${label}`);
    };
    return el('li', { className: 'co-v-note' }, el('div', {},
      el('button', { type: 'button', data: { note: mark.instance }, aria: { pressed: String(Boolean(shown)) }, on: { click: () => app.openMark(mark) } }, el('strong', { textContent: name }), el('small', { textContent: partsOf(mark) })),
      ...(shown ? shown.parts.map(part) : [])));
  }

  refresh() {
    for (const series of this.items.keys()) this.update(series);
    const { state, catalog } = this.app;
    if (!state) return;
    const stars = state.keyImages;
    const rows = state.measurements();
    const marks = catalog.studies.flatMap((study) => study.beside.marks);
    const drawn = JSON.stringify([stars, rows, state.status, catalog.series.map((one) => one.images.length), this.app.shapes.map(({ mark, hidden }) => [mark.instance, ...hidden])]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const where = (row) => {
      const series = catalog.find(row.series);
      const index = series?.indexOf(row) ?? -1;
      const image = row.plane ? `${planeLabel(row.plane)} ${row.slice + 1}` : index >= 0 ? gettext('image {n}', { n: index + 1 }) : '';
      return [series?.name, image].filter(Boolean).join(', ');
    };
    const go = (row) => () => this.app.openPlace(row);
    const focused = document.activeElement?.dataset?.note;
    const part = (title, list) => (list.length ? el('section', {}, el('h2', { textContent: title }), el('ul', {}, ...list)) : '');
    const theirs = marks.map((mark) => (isShapes(mark) ? this.outlined(mark) : el('li', { className: 'co-v-note' }, mark.kind === 'presentation'
      ? el('button', { type: 'button', on: { click: () => this.app.openMark(mark) } }, el('strong', { textContent: mark.label || gettext('Presentation state') }), el('small', { textContent: mark.description ?? '' }))
      : el('div', {}, el('button', { type: 'button', on: { click: () => this.app.openMark(mark) } }, el('strong', { textContent: mark.title || gettext('Key images') }), el('small', { textContent: (mark.notes ?? []).join(' · ') })),
        ...keyPlaces(mark, (instance) => catalog.seriesOf(mark, instance)).slice(0, 40).map((place) => el('button', { type: 'button', on: { click: go(place) } }, `▸ ${where(place)}`))))));
    const downloads = (kind, list, text) => [...new Set(list.map((row) => row.study))].map((study) => el('li', { className: 'co-v-note' }, el('a', { href: this.app.api.notesUrl(study, kind), download: '', textContent: text })));
    this.notes.replaceChildren(
      part(gettext('Marked by others'), theirs),
      part(gettext('Starred images'), stars.map((row) => el('li', { className: 'co-v-note' }, el('button', { type: 'button', on: { click: go(row) } }, `★ ${where(row)}`))).concat(stars.length ? downloads('key-images', stars, gettext('Download as DICOM key images')) : [])),
      part(gettext('Measurements'), rows.map((row) => el('li', { className: 'co-v-note' },
        el('button', { type: 'button', data: { note: row.uid }, on: { click: go(row) } }, el('strong', { textContent: `${NAMES[row.tool]()} ${figures(row)}` }), el('small', { textContent: where(row) })),
        el('button', { type: 'button', className: 'co-v-remove', textContent: '×', aria: { label: gettext('Delete {name} {figures}', { name: NAMES[row.tool](), figures: figures(row) }) }, on: { click: () => state.remove(row.uid) } }))).concat(downloads('measurements', rows.filter((row) => !row.plane), gettext('Download as DICOM report')))));
    if (focused) this.notes.querySelector(`[data-note="${focused}"]`)?.focus();
  }
}
