/** What is no stack of images, shown in an image window all the same: papers (reports, tracings, documents) and videos. */
import { el } from './dom.js';
import { gettext } from './i18n.js';

/** A page is a picture with its words for those who do not see it, or words alone. */
function page(title, { number, image, width, height, text }, count) {
  const label = gettext('{title}, page {n} of {count}', { title, n: number, count });
  if (!image) return el('pre', { className: 'co-v-paper-text', textContent: text });
  return el('figure', {}, el('img', { src: image, alt: label, loading: 'lazy', width: width || 800, height: height || 1131 }), text ? el('figcaption', { className: 'co-v-live', textContent: text }) : '');
}

function paper({ title, pages, url }) {
  return el('article', { className: 'co-v-paper' }, el('h2', {}, title, ' ', el('a', { href: url, target: '_blank', rel: 'noopener', textContent: gettext('Open in a tab') })),
    ...(pages.length ? pages.map((one) => page(title, one, pages.length)) : [el('p', { textContent: gettext('The pages are being prepared. Come back in a minute.') })]));
}

function video({ url }, name) {
  const film = el('video', { controls: true, preload: 'metadata', src: url, aria: { label: name } });
  const trouble = el('p', { hidden: true, textContent: gettext('This browser cannot play the video “{name}”. Download the original from the list of records.', { name }) });
  film.addEventListener('error', () => { trouble.hidden = false; });
  return el('div', { className: 'co-v-video' }, film, trouble);
}

/** What stands beside the images for a series: its papers and videos. */
export function besideOf(series) {
  const { papers = [], videos = [] } = series.study.beside ?? {};
  const mine = ({ series: uid }) => uid === series.uid;
  return { papers: papers.filter(mine), videos: videos.filter(mine) };
}

/** A scrollable sheet with all of it, or null when there is nothing to show. */
export function sheet(series) {
  const { papers, videos } = besideOf(series);
  if (!papers.length && !videos.length) return null;
  return el('div', { className: 'co-v-sheet', tabIndex: 0, data: { scrolls: '' }, aria: { role: 'region', label: series.name } }, ...papers.map(paper), ...videos.map((one) => video(one, series.name)));
}
