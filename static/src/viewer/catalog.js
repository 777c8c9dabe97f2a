/** The studies and series on the table. A series fetches its headers once, when first wanted. */
import { placeOf } from './api.js';
import { date, hasImage, isDocument, isMap, mend, NOT_IMAGES, number, personName, value } from './dicom.js';
import { gettext } from './i18n.js';
import { isSlide } from './slide.js';
import { sortInstances, sortSeries } from './order.js';

/** Frames that the server gives: none when it could not read the pixels, and then it names no pixel data. */
const framesIn = (dataset) => (dataset['7FE00010'] ? number(dataset, 'frames') || 1 : 0);

export class Series {
  constructor(api, study, dataset) {
    this.api = api;
    this.study = study;
    this.uid = value(dataset, 'series');
    this.modality = value(dataset, 'modality') ?? '';
    this.number = number(dataset, 'seriesNumber');
    this.description = String(value(dataset, 'seriesDescription') ?? '');
    this.region = String(value(dataset, 'bodyPart') ?? '').toUpperCase();
    this.side = ['R', 'L'].find((one) => one === value(dataset, 'seriesSide')) ?? '';
    this.count = number(dataset, 'seriesInstances') ?? 0;
    this.other = NOT_IMAGES[this.modality] ?? '';
    this.images = [];
    this.slide = null;
    this.loading = null;
    this.loaded = new Set();
    this.failed = new Map();
  }

  get name() { return this.description || gettext('Series {number}', { number: this.number ?? '' }).trim(); }

  /** Headers in order, one entry per frame: {place, dataset, id}. Failing leaves the series able to try again. */
  load() {
    this.loading ??= this.#load().catch((error) => { this.loading = null; throw error; });
    return this.loading;
  }

  async #load() {
    if (this.other) return this;
    const films = new Set(this.study.beside?.videos.map(({ instance }) => instance));   // played by the browser, no stack
    const datasets = (await this.api.metadata(this.study.uid, this.uid)).filter((one) => !films.has(value(one, 'sop')));
    if (datasets.length && !datasets.some(hasImage)) this.other = datasets.some(isDocument) ? NOT_IMAGES.DOC : datasets.some(isMap) ? gettext('Parametric map') : gettext('Data without pictures');
    if (this.modality === 'SM' && datasets.some(isSlide)) {
      this.slide = datasets;
      this.count = datasets.length;
      return this;
    }
    const orders = new Map();                                              // of frame one of each instance, as the server counts them
    let order = 0;
    for (const dataset of datasets.filter(hasImage)) { orders.set(dataset, order); order += framesIn(dataset); }
    for (const dataset of sortInstances(datasets.filter(hasImage).map((one) => mend(one, this.modality)))) {
      for (let frame = 1; frame <= (framesIn(dataset) || 1); frame += 1) {   // one place for what cannot be drawn: it says so
        const place = { study: this.study.uid, series: this.uid, instance: value(dataset, 'sop'), frame };
        this.images.push({ place, dataset, id: `wadors:${this.api.frameUrl(place)}`, order: orders.get(dataset) + frame - 1, alone: false });
      }
    }
    this.count = this.images.length || this.count;
    return this;
  }

  get ids() { return this.images.map((image) => image.id); }

  indexOf({ instance, frame = 1 }) {
    return this.images.findIndex(({ place }) => place.instance === instance && place.frame === Number(frame));
  }
}

export async function loadCatalog(api, uids) {
  const studies = [];
  const failures = [];
  await Promise.all(uids.map(async (uid, position) => {
    try {
      const [dataset, rows, beside] = await Promise.all([api.study(uid), api.series(uid), api.beside(uid)]);
      const study = {
        uid, position, dataset, beside, patient: personName(dataset), birthDate: date(value(dataset, 'birthDate')), sex: value(dataset, 'sex') ?? '',
        date: date(value(dataset, 'studyDate')), rawDate: value(dataset, 'studyDate') ?? '', description: String(value(dataset, 'studyDescription') ?? ''),
      };
      study.series = sortSeries(rows.map((row) => new Series(api, study, row)));
      studies.push(study);
    } catch (error) {
      failures.push({ uid, error });
    }
  }));
  studies.sort((a, b) => a.position - b.position);
  const series = studies.flatMap((study) => study.series);
  return {
    studies, series, failures,
    find: (uid) => series.find((one) => one.uid === uid),
    of: (imageId) => { const place = placeOf(imageId); return place && series.find((one) => one.uid === place.series && one.study.uid === place.study); },
    /** The series that holds an instance, as far as a mark of `study` names it. */
    seriesOf: (mark, instance) => { const uid = mark.references?.find((one) => one.instance === instance)?.series; return series.find((one) => one.uid === uid); },
    /** The first series of a study that is likely to show a picture. */
    first: (study) => study?.series.find((one) => !one.other && one.count > 0) ?? study?.series.find((one) => !one.other),
  };
}

/** The series that is shown first: the one that was asked for, else the first with pictures. */
export const wantedFirst = (config, catalog) => catalog.find(config.series) ?? catalog.first(catalog.studies[0]) ?? catalog.series[0];
