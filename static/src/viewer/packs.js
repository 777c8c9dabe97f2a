/** Frames by the dozen: one answer of the server holds many (docs/dicomweb.md, "Packs"), which spares a slow line its round trips. */
import { imageLoader } from '@cornerstonejs/core';
import { createImage, wadors } from '@cornerstonejs/dicom-image-loader';

const LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const held = new Map();   // image id: bytes that arrived in a pack and wait for the renderer's loader

/** Head and frames of a pack: [{instance, frame, bytes}], each a copy, so that the rest of the pack can go. A cut body gives what is whole. */
export function unpack(buffer) {
  if (buffer.byteLength < 4) return [];
  const size = new DataView(buffer).getUint32(0, true);
  if (4 + size > buffer.byteLength) return [];
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  return head.frames
    .filter(({ encoding = 'identity', offset, length }) => encoding === 'identity' && 4 + size + offset + length <= buffer.byteLength)
    .map(({ instance, frame, offset, length }) => ({ instance, frame, bytes: new Uint8Array(buffer.slice(4 + size + offset, 4 + size + offset + length)) }));
}

/** From here on an image whose bytes are held is made from them, all others are fetched as before. */
export function registerPacks() {
  imageLoader.registerImageLoader('wadors', (imageId, options) => {
    const bytes = held.get(imageId);
    if (!bytes) return wadors.loadImage(imageId, options);
    held.delete(imageId);
    return { promise: createImage(imageId, bytes, LITTLE_ENDIAN, { ...options }), cancelFn: undefined };
  });
}

/** Fetches `count` images of a series from its `first` on (in the server's order) and puts them into the cache. Answers the ids that came. */
export async function fetchPack(api, series, first, count, wanted) {
  const response = await api.request(api.packUrl(series.study.uid, series.uid, first + 1, count));
  if (!response.ok) throw Object.assign(new Error('pack'), { status: response.status });
  const came = [];
  await Promise.all(unpack(await response.arrayBuffer()).map(async ({ instance, frame, bytes }) => {
    const id = `wadors:${api.frameUrl({ study: series.study.uid, series: series.uid, instance, frame })}`;
    if (!wanted.has(id)) return;
    held.set(id, bytes);
    try {
      await imageLoader.loadAndCacheImage(id, { priority: 1, requestType: 'prefetch' });
      came.push(id);
    } finally {
      held.delete(id);
    }
  }));
  return came;
}

const AT_ONCE = 32;

/** Decoded values of `count` frames of one instance whose first is number `before` (from 0) of the series: frame (from 1) to bytes. */
export async function framesOf(api, study, series, instance, before, count) {
  const found = new Map();
  for (let first = 0; first < count; first += AT_ONCE) {
    const response = await api.request(api.packUrl(study, series, before + first + 1, Math.min(AT_ONCE, count - first)));
    if (!response.ok) throw Object.assign(new Error('pack'), { status: response.status });
    const came = unpack(await response.arrayBuffer()).filter((one) => one.instance === instance);
    for (const { frame, bytes } of came) found.set(frame, bytes);
    if (!came.length) break;
  }
  return found;
}
