/** Whole slides: a pyramid of tiles (PS3.3 C.8.12), shown by OpenSeadragon, which is fetched when the first slide is opened. */
import { number, value, values } from './dicom.js';
import { el } from './dom.js';
import { gettext } from './i18n.js';

const TAGS = { width: '00480006', height: '00480007', organization: '00209311', column: '0048021E', row: '0048021F', plane: '0048021A' };
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
      return { instance: value(dataset, 'sop'), width, height: first(dataset, TAGS.height), tileWidth, tileHeight, across: Math.ceil(width / tileWidth), frames: sparse(dataset, tileWidth, tileHeight) };
    })
    .sort((a, b) => a.width - b.width)
    .filter((level, i, all) => i === 0 || level.width > all[i - 1].width);
}

export const isSlide = (dataset) => first(dataset, TAGS.width) > 0 && number(dataset, 'columns') > 0;

/** Frame number of a tile, or 0 where a sparse slide has none. */
export const tileFrame = ({ frames, across }, x, y) => (frames ? frames.get(`${x}/${y}`) ?? 0 : y * across + x + 1);

/** Shows a slide in `host`; answers {destroy()}. */
export async function showSlide(host, series, datasets, api) {
  const levels = levelsOf(datasets);
  if (!levels.length) throw new Error('no level');
  const { default: OpenSeadragon } = await import('openseadragon');
  // It would add a style sheet of its own, which the page's policy forbids, unless it finds one under this name.
  if (!document.querySelector('style[data-openseadragon-mobile-css]')) document.head.append(el('style', { type: 'text/none', data: { openseadragonMobileCss: '' } }));
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
  const trouble = el('p', { className: 'co-v-slide-trouble', hidden: true });
  host.append(trouble);
  let lost = 0;
  viewer.addHandler('tile-load-failed', () => { lost += 1; trouble.hidden = false; trouble.textContent = gettext('{n} parts of this slide could not be loaded. The rest is not affected.', { n: lost }); });
  return viewer;
}
