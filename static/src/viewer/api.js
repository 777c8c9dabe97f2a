/** The server's side: QIDO, WADO and saved states. Cookies carry the session; 401 means it is over. */
import { gettext } from './i18n.js';

export class ApiError extends Error {
  constructor(status, url) {
    super(`${status} ${url}`);
    this.status = status;
  }
}

/** One sentence for people about a failed request. */
export function reason(error) {
  const status = error?.status ?? error?.error?.status ?? 0;
  if (status === 401) return gettext('you have been signed out');
  if (status === 403 || status === 404) return gettext('the portal does not have it, or you may no longer see it');
  if (status >= 500) return gettext('the portal had a problem; try again in a minute');
  return status ? gettext('the portal answered {status}', { status }) : gettext('the connection was lost');
}

export class Api {
  constructor({ dicomweb, stateUrl, csrf }, onSignedOut) {
    Object.assign(this, { dicomweb, stateUrl, csrf, onSignedOut, base: stateUrl.replace(/state\/$/, '') });
  }

  async request(url, options = {}) {
    const response = await fetch(url, { credentials: 'same-origin', redirect: 'error', ...options });
    this.saw(response.status);
    return response;
  }

  /** Every status comes by here, those of frames fetched by cornerstone too. */
  saw(status) {
    if (status === 401) this.onSignedOut();
  }

  async dicom(path) {
    const url = this.dicomweb + path;
    const response = await this.request(url, { headers: { Accept: 'application/dicom+json' } });
    if (response.status === 204) return [];
    if (!response.ok) throw new ApiError(response.status, url);
    return response.json();
  }

  /** The bytes of a value that metadata name by reference. */
  async bulk(uri) {
    const { pathname } = new URL(uri, location.href);   // behind a proxy the portal may be told another host than the browser's
    const response = await this.request(pathname, { headers: { Accept: 'application/octet-stream' } });
    if (!response.ok) throw new ApiError(response.status, pathname);
    return new Uint8Array(await response.arrayBuffer());
  }

  study(study) { return this.dicom(`studies?StudyInstanceUID=${study}`).then((rows) => rows[0] ?? {}); }
  series(study) { return this.dicom(`studies/${study}/series`); }
  metadata(study, series) { return this.dicom(`studies/${study}/series/${series}/metadata`); }

  seriesUrl(study, series) { return `${this.dicomweb}studies/${study}/series/${series}`; }
  /** `first` counts from 1. */
  packUrl(study, series, first, count) { return `${this.seriesUrl(study, series)}/pack?first=${first}&count=${count}`; }
  thumbnailUrl(study, series) { return `${this.seriesUrl(study, series)}/thumbnail`; }
  frameUrl({ study, series, instance, frame }) { return `${this.seriesUrl(study, series)}/instances/${instance}/frames/${frame}`; }
  renderedUrl(place, preset) {
    const window = preset?.width ? `?window=${preset.center},${preset.width},linear` : '';
    return `${this.frameUrl(place)}/rendered${window}`;
  }

  planesUrl({ study, series, instance, frame }) { return `${this.base}planes/${study}/${series}/${instance}/${frame}`; }
  tileUrl(study, series, instance, frame) { return `${this.base}tiles/${study}/${series}/${instance}/${frame}`; }
  /** kind: 'key-images' or 'measurements'. */
  notesUrl(study, kind) { return `${this.base}notes/${study}/${kind}.dcm`; }

  /** {papers, videos, marks} of a study; empty lists when they cannot be had, so that the images open all the same. */
  async beside(study) {
    const nothing = { papers: [], videos: [], marks: [] };
    if (!this.base) return nothing;
    const response = await this.request(`${this.base}beside/${study}/`, { headers: { Accept: 'application/json' } }).catch(() => null);
    return response?.ok ? response.json() : { ...nothing, missing: true };
  }

  async loadState(study) {
    const response = await this.request(`${this.stateUrl}${study}/`, { headers: { Accept: 'application/json' } });
    if (!response.ok) throw new ApiError(response.status, 'state');
    return response.json();
  }

  /** Answers {revision} when stored, {conflict: {revision, state}} when another window saved first. */
  async saveState(study, revision, state) {
    const send = () => this.request(`${this.stateUrl}${study}/`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRFToken': this.csrf },
      body: JSON.stringify({ revision, state }),
    });
    let response = await send();
    if (response.status === 403 && (await this.renewToken())) response = await send();
    if (response.status === 409) return { conflict: await response.json() };
    if (!response.ok) throw new ApiError(response.status, 'state');
    return response.json();
  }

  /** Signing in anew brings a new CSRF token; our own page carries it. Answers whether there is one. */
  async renewToken() {
    const response = await fetch(window.location.href, { credentials: 'same-origin', headers: { Accept: 'text/html' } }).catch(() => null);
    if (!response?.ok) return false;
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    const token = page.getElementById('viewer')?.dataset.csrf;
    if (token) this.csrf = token;
    return Boolean(token);
  }
}

const PLACE = /studies\/([0-9.]+)\/series\/([0-9.]+)\/instances\/([0-9.]+)\/frames\/(\d+)/;

/** Where an image id or frame address points, or null (resliced images). */
export function placeOf(imageId) {
  const match = PLACE.exec(imageId ?? '');
  return match && { study: match[1], series: match[2], instance: match[3], frame: Number(match[4]) };
}
