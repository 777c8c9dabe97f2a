/** Loads whole series in the background: the active window first, nearest to what is on screen first, within the cache's room. */
import { cache, imageLoader } from '@cornerstonejs/core';
import { nearest } from './order.js';

const AT_ONCE = 6;

export class Prefetcher {
  /** @param panes function giving the windows, most wanted first  @param changed called with a series whose counts changed */
  constructor(panes, changed) {
    Object.assign(this, { panes, changed, running: new Set() });
  }

  /** How many images of this size fit in this window's share; the rest is fetched when scrolled to. */
  room(pane, share) {
    const image = pane.series.images[0]?.dataset;
    const value = (tag) => Number(image?.[tag]?.Value?.[0] ?? 1);
    const bytes = value('00280010') * value('00280011') * value('00280002') * Math.ceil(value('00280100') / 8);
    return Math.max(8, Math.floor((cache.getMaxCacheSize() * 0.9) / share / Math.max(bytes, 1)));
  }

  next() {
    const panes = this.panes().filter((pane) => pane.series?.images.length && !pane.reformatted);
    const series = new Set(panes.map((pane) => pane.series)).size;
    for (const pane of panes) {
      const { images, loaded, failed } = pane.series;
      const half = Math.floor(this.room(pane, series) / 2);
      const free = (i) => Math.abs(i - pane.index) <= half && !failed.has(images[i].id) && !loaded.has(images[i].id) && !this.running.has(images[i].id);
      const index = nearest(images.length, pane.index, free);
      if (index !== -1) return { series: pane.series, id: images[index].id };
    }
    return null;
  }

  pump() {
    while (this.running.size < AT_ONCE) {
      const job = this.next();
      if (!job) return;
      this.running.add(job.id);
      imageLoader.loadAndCacheImage(job.id, { priority: 1, requestType: 'prefetch' })
        .then(() => this.done(job), (error) => this.fail(job.series, job.id, error))
        .finally(() => { this.running.delete(job.id); this.pump(); });
    }
  }

  done({ series, id }) {
    series.loaded.add(id);
    series.failed.delete(id);
    this.changed(series);
  }

  fail(series, id, error) {
    series.failed.set(id, error);
    this.changed(series);
  }
}
