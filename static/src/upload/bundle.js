/**
 * Small files go many at a time: a disc of 5,000 slices would otherwise be 5,000 requests, each with its own wait for the server's disk.
 * Each file is an upload of its own to the server; what does not work here goes on its own by tus.
 */
import { SENT, WAITING } from './batch.js';

export const TYPE = 'application/vnd.consilium.files';
const FILE_BYTES = 1024 * 1024; // larger ones are resumed by tus, part by part
const BUNDLE_BYTES = 8 * 1024 * 1024;
const BUNDLE_FILES = 100;

const fits = (entry) => entry.state === WAITING && !entry.alone && !entry.known && entry.size > 0 && entry.size <= FILE_BYTES;

/** Takes the next bundle off the queue's head; [] when the file there goes alone. */
export function nextBundle(queue) {
  const taken = [];
  let size = 0;
  while (taken.length < queue.length && taken.length < BUNDLE_FILES) {
    const entry = queue[taken.length];
    if (!fits(entry) || entry.batch !== queue[0].batch || (taken.length && size + entry.size > BUNDLE_BYTES)) break;
    taken.push(entry);
    size += entry.size;
  }
  if (taken.length < 2) return [];
  queue.splice(0, taken.length);
  return taken;
}

/** The first line says what follows, then come the files' bytes. */
export function bodyOf(entries) {
  const listed = entries.map((entry) => ({
    filename: entry.file.name,
    relativePath: entry.path,
    batch: entry.batch,
    fingerprint: entry.mark,
    size: entry.size,
  }));
  return [`${JSON.stringify(listed)}\n`, ...entries.map((entry) => entry.file)];
}

/** How much of each file is on its way when `sent` bytes of all of them are. */
export function spread(entries, sent) {
  let left = sent;
  for (const entry of entries) {
    const part = Math.max(0, Math.min(entry.size, left));
    if (entry.state !== SENT) entry.loaded = Math.max(entry.loaded, part);
    left -= part;
  }
}

/** One request. `ended(status, body)` is called once, with 0 when nobody answered or it was stopped. Returns what stops it. */
export function sendBundle(url, entries, { headers, progress, ended, Request = XMLHttpRequest }) {
  const request = new Request();
  const parts = bodyOf(entries);
  const head = new Blob([parts[0]]).size;
  request.open('POST', url);
  for (const [name, value] of Object.entries({ ...headers, 'Tus-Resumable': '1.0.0', 'Content-Type': TYPE })) request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => progress(Math.max(0, event.loaded - head));
  request.onloadend = () => {
    let body = null;
    try {
      body = JSON.parse(request.responseText);
    } catch {
      // no words of ours: the general sentence stands in
    }
    ended(request.status, body);
  };
  request.send(new Blob(parts));
  return () => request.abort();
}
