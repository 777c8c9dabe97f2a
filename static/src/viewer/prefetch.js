/** Loads whole series in the background: the active window first, nearest to what is on screen first, within the cache's room. */
import { cache, imageLoader } from '@cornerstonejs/core';
import { missing, nearest, runAround } from './order.js';
import { fetchPack } from './packs.js';

const AT_ONCE = 6;
const PACKS_AT_ONCE = 2;
const PACK_BYTES = 8 * 1024 * 1024;
const PACK_FRAMES = 48;

export class Prefetcher {
  /** @param panes function giving the windows, most wanted first  @param changed called with a series whose counts changed */
  constructor(api, panes, changed) {
    Object.assign(this, { api, panes, changed, running: new Set(), packs: 0, singles: 0 });
  }

  /** Bytes of one decoded image; what the renderer made of one tells best. */
  size(pane) {
    const image = pane.series.images[0]?.dataset;
    const value = (tag) => Number(image?.[tag]?.Value?.[0] ?? 1);
    const stored = value('00280010') * value('00280011') * value('00280002') * Math.ceil(value('00280100') / 8);
    return Math.max(1, stored, pane.viewport?.getCornerstoneImage?.()?.sizeInBytes ?? 0);
  }

  /** How many images of this size fit in this window's share; the rest is fetched when scrolled to. */
  room(pane, share) {
    return Math.max(8, Math.floor((cache.getMaxCacheSize() * 0.85) / share / this.size(pane)));
  }

  next(single) {
    const panes = this.panes().filter((pane) => pane.series?.images.length && !pane.reformatted);
    const series = new Set(panes.map((pane) => pane.series)).size;
    for (const pane of panes) {
      const half = Math.floor(this.room(pane, series) / 2);
      const wanted = missing(pane.series, this.running, single);
      const free = (i) => Math.abs(i - pane.index) <= half && wanted(i);
      const index = nearest(pane.series.images.length, pane.index, free);
      if (index !== -1) return { pane, series: pane.series, index, free };
    }
    return null;
  }

  pump() {
    while (this.packs < PACKS_AT_ONCE && this.pack());
    while (this.singles < AT_ONCE && this.single());
  }

  /** A run of missing neighbours in one answer. False when there is nothing to ask for. */
  pack() {
    const job = this.next(false);
    if (!job) return false;
    const { series, index, pane } = job;
    const { images } = series;
    const most = Math.max(1, Math.min(PACK_FRAMES, Math.floor(PACK_BYTES / this.size(pane)), series.loaded.size ? PACK_FRAMES : 12));
    const [from, to] = runAround(images, index, most, job.free);
    const ids = new Set(images.slice(from, to).map(({ id }) => id));
    for (const id of ids) this.running.add(id);
    this.packs += 1;
    const first = Math.min(...images.slice(from, to).map(({ order }) => order));
    fetchPack(this.api, series, first, to - from, ids)
      .catch((error) => { if (error.status) series.unpacked = true; return []; })
      .then((came) => {
        for (const id of came) { series.loaded.add(id); series.failed.delete(id); }
        for (const image of images.slice(from, to)) if (!series.loaded.has(image.id)) image.alone = true;   // asked for by itself, it tells why it fails
        this.changed(series);
      })
      .finally(() => { for (const id of ids) this.running.delete(id); this.packs -= 1; this.pump(); });
    return true;
  }

  single() {
    const job = this.next(true);
    if (!job) return false;
    const { id } = job.series.images[job.index];
    this.running.add(id);
    this.singles += 1;
    imageLoader.loadAndCacheImage(id, { priority: 1, requestType: 'prefetch' })
      .then(() => { job.series.loaded.add(id); job.series.failed.delete(id); this.changed(job.series); }, (error) => { job.series.failed.set(id, error); this.changed(job.series); })
      .finally(() => { this.running.delete(id); this.singles -= 1; this.pump(); });
    return true;
  }
}
