/** Starts cornerstone: WebGL 2 where there is one, its CPU renderer where there is none, a bounded cache in either case. */
import { cache, Enums, eventTarget, getShouldUseCPURendering, init as initCore, metaData, RenderingEngine } from '@cornerstonejs/core';
import { init as initLoader, wadors } from '@cornerstonejs/dicom-image-loader';
import { init as initTools } from '@cornerstonejs/tools';
import { forRenderer } from './dicom.js';
import { registerPacks } from './packs.js';
import { ENGINE } from './tools.js';

const MEGABYTE = 1024 * 1024;

/** Bytes for decoded images: three sixteenths of the machine's memory, between 256 MB and 1 GB; half of that on small screens. The page needs as much again while it loads. */
export function cacheBytes(deviceMemory = 4, small = false) {
  const bytes = Math.min(1024, Math.max(256, deviceMemory * 192)) * MEGABYTE;
  return small ? bytes / 2 : bytes;
}

export async function startEngine({ cpu, api, catalog, changed }) {
  initCore(cpu ? { rendering: { useCPURendering: true } } : undefined);
  initLoader({
    maxWebWorkers: Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1)),
    errorInterceptor: (error) => api.saw(error.status ?? error.request?.status ?? 0),
  });
  registerPacks();
  // The loader also throws a failed frame's request into the void; the image window and the list have told of it already.
  window.addEventListener('unhandledrejection', (event) => { if (event.reason instanceof XMLHttpRequest) event.preventDefault(); });
  await initTools();
  cache.setMaxCacheSize(cacheBytes(navigator.deviceMemory, matchMedia('(max-width: 640px)').matches));
  eventTarget.addEventListener(Enums.Events.IMAGE_LOADED, ({ detail }) => {
    // The loader takes the first letter of the function's name for the name; this runs before the image is first used.
    if (detail.image?.voiLUTFunction) detail.image.voiLUTFunction = metaData.get('voiLutModule', detail.image.imageId)?.voiLUTFunction;
    mark(catalog, detail.image?.imageId, true, changed);
  });
  eventTarget.addEventListener(Enums.Events.IMAGE_CACHE_IMAGE_REMOVED, ({ detail }) => mark(catalog, detail.imageId, false, changed));
  return { engine: new RenderingEngine(ENGINE), cpu: getShouldUseCPURendering() };
}

function mark(catalog, imageId, present, changed) {
  const series = catalog.of(imageId);
  if (!series) return;
  if (present) series.loaded.add(imageId); else series.loaded.delete(imageId);
  changed(series);
}

/** Headers for cornerstone, the same object for all frames of an instance. */
export function register(series) {
  const fit = new Map();
  for (const { id, dataset } of series.images) {
    if (!fit.has(dataset)) fit.set(dataset, forRenderer(dataset));
    wadors.metaDataManager.add(id, fit.get(dataset));
  }
}
