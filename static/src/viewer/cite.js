/** Talking with the page around us (the opinion editor): same origin only, two messages. */
import { gettext } from './i18n.js';

export const CITE = 'consilium.cite';
export const OPEN = 'consilium.open';

export const framed = () => window.parent !== window;

/** {type, study, series, instance, frame, label}: what a citation needs to come back here, and a label to print. */
export function citation(pane) {
  const { series, index, ids, place } = pane;
  const label = [`${series.modality} ${series.name}`.trim(), series.study.date, gettext('image {n} of {count}', { n: index + 1, count: ids.length })].filter(Boolean).join(', ');
  return { type: CITE, ...place, label };
}

export function cite(pane) {
  if (!pane.place) return null;
  const message = citation(pane);
  window.parent.postMessage(message, window.location.origin);
  return message;
}

const UID = /^[0-9.]{1,64}$/;

/** Calls `open({study, series, instance, frame})` for well-formed requests from our own origin. */
export function listenForOpen(open) {
  window.addEventListener('message', ({ origin, source, data }) => {
    if (origin !== window.location.origin || (source !== window.parent && source !== window)) return;
    if (data?.type !== OPEN || ![data.study, data.series].every((uid) => UID.test(uid ?? ''))) return;
    open({ study: data.study, series: data.series, instance: UID.test(data.instance ?? '') ? data.instance : '', frame: Number(data.frame) || 1 });
  });
}
