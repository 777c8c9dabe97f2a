/** Whole slides: a pyramid of tiles (PS3.3 C.8.12), shown by OpenSeadragon, which is fetched when the first slide is opened. */
import { geometry, number, value, values } from './dicom.js';
import { el } from './dom.js';
import { gettext } from './i18n.js';

const TAGS = { width: '00480006', height: '00480007', volumeWidth: '00480001', organization: '00209311', column: '0048021E', row: '0048021F', plane: '0048021A' };
const first = (dataset, tag) => Number(dataset?.[tag]?.Value?.[0]) || 0;
const EXTRAS = new Set(['LABEL', 'OVERVIEW', 'THUMBNAIL']);

/** Frame of each tile by "column/row"; null for tiles in row order without gaps (TILED_FULL, PS3.3 C.7.6.17.3). */
function sparse(dataset, tileWidth, tileHeight) {
  if (dataset[TAGS.organization]?.Value?.[0] === 'TILED_FULL') return null;
  const places = (dataset['52009230']?.Value ?? []).map((groups) => groups[TAGS.plane]?.Value?.[0]);
  if (!places.length || places.some((place) => !place)) return null;
  return new Map(places.map((place, i) => [`${Math.floor((first(place, TAGS.column) - 1) / tileWidth)}/${Math.floor((first(place, TAGS.row) - 1) / tileHeight)}`, i + 1]));
}

/** Levels of a slide, smallest first: {instance, width, height, tileWidth, tileHeight, across, frames}. Labels and overviews are no levels. */
export function levelsOf(datasets) {
  return datasets
    .filter((dataset) => first(dataset, TAGS.width) && first(dataset, TAGS.height) && !values(dataset, 'imageType').some((word) => EXTRAS.has(word)))
    .map((dataset) => {
      const [tileWidth, tileHeight] = [number(dataset, 'columns'), number(dataset, 'rows')];
      const width = first(dataset, TAGS.width);
      return { instance: value(dataset, 'sop'), width, height: first(dataset, TAGS.height), tileWidth, tileHeight, across: Math.ceil(width / tileWidth), spacing: geometry(dataset, 'pixelSpacing')[1] || first(dataset, TAGS.volumeWidth) / width, frames: sparse(dataset, tileWidth, tileHeight) };
    })
    .sort((a, b) => a.width - b.width)
    .filter((level, i, all) => i === 0 || level.width > all[i - 1].width);
}

export const isSlide = (dataset) => first(dataset, TAGS.width) > 0 && number(dataset, 'columns') > 0;

/** Frame number of a tile, or 0 where a sparse slide has none. */
export const tileFrame = ({ frames, across }, x, y) => (frames ? frames.get(`${x}/${y}`) ?? 0 : y * across + x + 1);

const STEPS = [1, 2, 5].flatMap((n) => [0.001, 0.01, 0.1, 1, 10].map((unit) => n * unit)).sort((a, b) => a - b);

/** {mm, width, label}: a round length that is at most `limit` pixels on screen, `scale` in millimetres a pixel of the screen; null without a scale. */
export function ruler(scale, limit = 140) {
  const mm = scale > 0 ? STEPS.filter((step) => step / scale <= limit).pop() : 0;
  return mm ? { mm, width: mm / scale, label: mm >= 10 ? `${mm / 10} cm` : mm >= 1 ? `${mm} mm` : `${Math.round(mm * 1000)} µm` } : null;
}

function showRuler(host, viewer, spacing) {
  const bar = el('div', { className: 'co-v-scale co-v-scale--slide', hidden: true }, el('span'), el('i'));
  host.append(bar);
  const update = () => {
    const found = viewer.isOpen() ? ruler(spacing / viewer.viewport.viewportToImageZoom(viewer.viewport.getZoom(true))) : null;
    bar.hidden = !found;
    if (!found) return;
    bar.firstChild.textContent = found.label;
    bar.lastChild.style.width = `${found.width}px`;
  };
  viewer.addHandler('update-viewport', update);
  viewer.addHandler('open', update);
}

/** What a command for images does to a slide; false where it does nothing. */
export function onSlide(viewer, id) {
  const { viewport } = viewer;
  const turn = (degrees) => viewport.setRotation(viewport.getRotation() + degrees);
  const pan = (x, y) => viewport.panBy(viewport.deltaPointsFromPixels(viewport.getCenter().times(0).plus({ x, y })));
  const run = {
    larger: () => viewport.zoomBy(1.2), smaller: () => viewport.zoomBy(1 / 1.2), rotate: () => turn(90), 'rotate-back': () => turn(-90),
    flip: () => viewport.toggleFlip(), 'flip-vertical': () => { turn(180); viewport.toggleFlip(); }, reset: () => { viewport.setRotation(0); viewport.setFlip(false); viewport.goHome(); },
    'move-left': () => pan(48, 0), 'move-right': () => pan(-48, 0), 'move-up': () => pan(0, 48), 'move-down': () => pan(0, -48), next: () => pan(0, 48), previous: () => pan(0, -48),
    forward: () => pan(0, 400), back: () => pan(0, -400),
  }[id];
  if (!run) return false;
  run();
  viewport.applyConstraints();
  return true;
}

/** Shows a slide in `host`; answers {destroy()}. */
export async function showSlide(host, series, datasets, api) {
  const levels = levelsOf(datasets);
  if (!levels.length) throw new Error('no level');
  const { default: OpenSeadragon } = await import('openseadragon');
  // It would add a style sheet of its own, which the page's policy forbids, unless it finds one under this name; an element of HTML's own would be refused too.
  if (!document.querySelector('style[data-openseadragon-mobile-css]')) {
    const stand = document.createElementNS('urn:none', 'style');
    stand.setAttribute('data-openseadragon-mobile-css', '');
    document.head.append(stand);
  }
  const top = levels.at(-1);
  const tileUrl = (level, x, y) => {
    const frame = tileFrame(levels[level], x, y);
    return frame ? api.tileUrl(series.study.uid, series.uid, levels[level].instance, frame) : '';
  };
  const viewer = OpenSeadragon({
    element: host, showNavigationControl: false, showNavigator: true, navigatorPosition: 'BOTTOM_LEFT', gestureSettingsMouse: { clickToZoom: false }, maxZoomPixelRatio: 4,
    preserveViewport: false, animationTime: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 0.6, drawer: 'canvas', crossOriginPolicy: false,
    tileSources: {
      width: top.width, height: top.height, minLevel: 0, maxLevel: levels.length - 1,
      getLevelScale: (level) => levels[level].width / top.width,
      getTileWidth: (level) => levels[level].tileWidth, getTileHeight: (level) => levels[level].tileHeight,
      getNumTiles: (level) => new OpenSeadragon.Point(Math.ceil(levels[level].width / levels[level].tileWidth), Math.ceil(levels[level].height / levels[level].tileHeight)),
      tileExists: (level, x, y) => Boolean(levels[level]) && Boolean(tileFrame(levels[level], x, y)),
      getTileUrl: tileUrl,
    },
  });
  showRuler(host, viewer, top.spacing);
  const trouble = el('p', { className: 'co-v-slide-trouble', hidden: true });
  host.append(trouble);
  let lost = 0;
  viewer.addHandler('tile-load-failed', () => { lost += 1; trouble.hidden = false; trouble.textContent = gettext('{n} parts of this slide could not be loaded. The rest is not affected.', { n: lost }); });
  return viewer;
}
