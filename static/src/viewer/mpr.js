/** Three planes of one series: slices cut again in memory, drawn as plain stacks, so that it works with WebGL and without. */
import { cache, imageLoader, metaData, utilities } from '@cornerstonejs/core';
import { gettext } from './i18n.js';
import { anglesFor, block, cut, planeOf } from './volume.js';

const REASONS = {
  few: () => gettext('it has fewer than four images'),
  frames: () => gettext('its images are frames of a film'),
  colour: () => gettext('it is in colour'),
  geometry: () => gettext('its images do not say where they lie in the body'),
  mixed: () => gettext('its images differ in size or direction'),
  tilted: () => gettext('its slices are tilted'),
  uneven: () => gettext('its slices are not evenly spaced'),
  memory: () => gettext('it is too large for this device'),
};

const volumes = new Map();
const ID = /^reslice:([0-9.]+)\/([0-9.]+):([a-z]+(?:@-?\d+)?(?:\^-?\d+)?(?:~\d+)?):(\d+)$/;

/** What a resliced image id stands for, or null. */
export function cutOf(imageId) {
  const match = ID.exec(imageId ?? '');
  return match && { study: match[1], series: match[2], plane: match[3], slice: Number(match[4]) };
}
export const cutId = ({ study, series, plane, slice }) => `reslice:${study}/${series}:${plane}:${slice}`;

export function registerReslicing() {
  imageLoader.registerImageLoader('reslice', (imageId) => ({ promise: Promise.resolve().then(() => makeImage(imageId)) }));
}

function makeImage(imageId) {
  const { study, series, plane, slice } = cutOf(imageId);
  const volume = volumes.get(`${study}/${series}`);
  if (!volume) throw new Error('reformatting was closed');
  const { width, height, columnSpacing, rowSpacing } = planeOf(volume.block, plane, slice);
  const scalarData = cut(volume.block, volume.slices, plane, slice, volume.source.minPixelValue ?? 0);
  const source = volume.source;
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({ width, height, numberOfComponents: 1, scalarData, id: imageId });
  return {
    ...source, imageId, width, height, columns: width, rows: height, columnPixelSpacing: columnSpacing, rowPixelSpacing: rowSpacing,
    voxelManager, getPixelData: () => voxelManager.getScalarData(), sizeInBytes: scalarData.byteLength, imageFrame: {},
    sharedCacheKey: undefined, cachedLut: undefined, stats: {}, getCanvas: undefined, referencedImageId: undefined,
  };
}

/** Reasons why not, as a sentence; '' when the series can be shown in three planes. */
export function refusal(series) {
  const found = block(series.images);
  if (found.refused) return REASONS[found.refused]();
  const bytes = found.columns * found.rows * 4 * found.order.length;
  return bytes > cache.getMaxCacheSize() * 0.8 ? REASONS.memory() : '';
}

/** Loads every slice, then answers the image ids of the sagittal and coronal stacks. */
export async function prepare(series, progress) {
  const key = `${series.study.uid}/${series.uid}`;
  if (!volumes.has(key)) {
    const found = block(series.images);
    let done = 0;
    const images = await Promise.all(series.ids.map((id) => imageLoader.loadAndCacheImage(id).then((image) => { done += 1; progress(done, series.ids.length); return image; })));
    const ordered = found.order.map((index) => images[index]);
    volumes.set(key, { block: found, source: ordered[0], slices: ordered.map((image) => image.getPixelData()) });
  }
  return { sagittal: idsOf(series, 'sagittal'), coronal: idsOf(series, 'coronal') };
}

/** Image ids of one plane of a prepared series, described so that they can be shown. */
export function idsOf(series, plane) {
  const { block: found } = volumes.get(`${series.study.uid}/${series.uid}`);
  describe(series, found, plane);
  return Array.from({ length: planeOf(found, plane, 0).count }, (_, slice) => cutId({ study: series.study.uid, series: series.uid, plane, slice }));
}

/** Turn and tilt that lay a plane of a prepared series across the wanted normal. */
export const anglesOf = (series, base, normal) => anglesFor(volumes.get(`${series.study.uid}/${series.uid}`).block, base, normal);

export function release() {
  for (const key of volumes.keys()) {
    for (const { imageId } of [...cache.getCachedImages?.() ?? []].filter((image) => image.imageId?.startsWith(`reslice:${key}:`))) cache.removeImageLoadObject(imageId, { force: true });
  }
  volumes.clear();
}

/** Metadata of the cut images: own plane, the rest as in the source. */
function describe(series, found, plane) {
  const source = series.images[found.order[0]].id;
  const frameOfReferenceUID = metaData.get('imagePlaneModule', source)?.frameOfReferenceUID;
  const shared = ['generalSeriesModule', 'modalityLutModule', 'voiLutModule', 'patientModule', 'scalingModule', 'generalStudyModule', 'imagePixelModule']
    .map((type) => [type, metaData.get(type, source)]).filter(([, metadata]) => metadata);
  const { count } = planeOf(found, plane, 0);
  for (let slice = 0; slice < count; slice += 1) {
    const id = cutId({ study: series.study.uid, series: series.uid, plane, slice });
    const { width, height, columnSpacing, rowSpacing, cosines, position } = planeOf(found, plane, slice);
    const add = (type, metadata) => utilities.genericMetadataProvider.add(id, { type, metadata });
    for (const [type, metadata] of shared) add(type, type === 'imagePixelModule' ? { ...metadata, rows: height, columns: width } : metadata);
    add('imagePlaneModule', {
      frameOfReferenceUID, rows: height, columns: width, imageOrientationPatient: cosines, rowCosines: cosines.slice(0, 3), columnCosines: cosines.slice(3),
      imagePositionPatient: position, pixelSpacing: [rowSpacing, columnSpacing], rowPixelSpacing: rowSpacing, columnPixelSpacing: columnSpacing, usingDefaultValues: false,
    });
  }
}
