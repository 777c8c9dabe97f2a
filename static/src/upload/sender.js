/** Feeds Uppy a few files at a time: a folder of 5,000 would make each of its state changes copy 5,000 entries. */
import Uppy from '@uppy/core';
import Tus from '@uppy/tus';
import { csrfToken } from '../app/net.js';
import { FAILED, PAUSED, REMOVED, SENDING, SENT, WAITING } from './batch.js';
import { nextBundle, sendBundle, spread } from './bundle.js';

const AT_ONCE = 4;
const CHUNK = 8 * 1024 * 1024; // bytes a request; what a broken one delivered is kept by the server
const CLOSED_MS = 60 * 1000;
// Names of files are a person's data: nothing about an upload is put into the browser's storage.
const forgetful = {
  findAllUploads: async () => [],
  findUploadsByFingerprint: async () => [],
  removeUpload: async () => {},
  addUpload: async () => '',
};

export class Sender {
  /** `changed(entry)` is called after each change of an entry; `explain(status, body)` gives the words for a failure. */
  constructor({ endpoint, changed, explain }) {
    this.endpoint = endpoint;
    this.changed = changed;
    this.explain = explain;
    this.queue = [];
    this.active = new Map(); // Uppy's id → entry
    this.bundles = new Map(); // entries that are sent together → what stops them
    this.uppy = new Uppy({ autoProceed: true, allowMultipleUploadBatches: true });
    this.uppy.use(Tus, {
      endpoint,
      chunkSize: CHUNK,
      limit: AT_ONCE,
      uploadDataDuringCreation: true,
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: true,
      urlStorage: forgetful,
      retryDelays: [500, 1000, 3000, 5000, 10000, 20000, 30000],
      headers: () => ({ 'X-CSRFToken': csrfToken() }),
      allowedMetaFields: ['filename', 'relativePath', 'batch', 'fingerprint'],
    });
    this.uppy.on('upload-progress', (file, progress) => {
      const entry = this.active.get(file?.id);
      if (!entry) return;
      entry.loaded = Math.max(entry.loaded, progress.bytesUploaded);
      changed(entry);
    });
    this.uppy.on('upload-success', (file) => this.ended(file, SENT));
    this.uppy.on('upload-error', (file, error, response) => this.failed(file, error, response));
  }

  add(entries) {
    this.queue.push(...entries);
    this.pump();
  }

  pump() {
    while (this.active.size + this.bundles.size < AT_ONCE && this.queue.length) {
      const together = nextBundle(this.queue);
      if (together.length) this.sendTogether(together);
      else {
        const entry = this.queue.shift();
        if (entry.state === WAITING) this.send(entry);
      }
    }
  }

  sendTogether(entries) {
    for (const entry of entries) {
      entry.state = SENDING;
      entry.message = '';
    }
    const stop = sendBundle(this.endpoint, entries, {
      headers: { 'X-CSRFToken': csrfToken() },
      progress: (sent) => {
        spread(entries, sent);
        this.changed(entries[0]);
      },
      ended: (status, body) => this.arrived(entries, status, body),
    });
    this.bundles.set(entries, stop);
    this.changed(entries[0]);
  }

  /** What became of each file of a bundle. One whose fate is unknown goes alone: the server knows it again by its mark. */
  arrived(entries, status, body) {
    this.bundles.delete(entries);
    const said = status === 200 ? body?.files ?? [] : [];
    const refused = status >= 400 && status < 500;
    entries.forEach((entry, number) => {
      if (entry.state !== SENDING) return; // paused or removed meanwhile
      const found = said[number];
      if (found && found.offset === entry.size) entry.state = SENT;
      else if (found?.error || (refused && body?.message)) {
        entry.state = FAILED;
        entry.message = this.explain(status, found?.error ? found : body);
      } else {
        entry.state = WAITING;
        entry.alone = !entries.stopped;
        entry.known = found?.url ? { url: found.url, offset: found.offset } : null;
        entry.loaded = 0;
        this.queue.unshift(entry);
      }
    });
    for (const entry of entries) if (entry.state !== WAITING) this.changed(entry);
    this.pump();
  }

  /** Stop the bundles that hold any of these files; the other files of them are sent again. */
  stopTogether(entries) {
    for (const [bundle, stop] of [...this.bundles]) {
      if (!bundle.some((entry) => entries.includes(entry))) continue;
      bundle.stopped = true;
      stop();
    }
  }

  send(entry) {
    entry.state = SENDING;
    entry.message = '';
    const meta = { filename: entry.file.name, relativePath: entry.path, batch: entry.batch, fingerprint: entry.mark };
    entry.uppy = this.uppy.addFile({
      name: entry.id, // Uppy derives its id from this and the type, so it must be ours to be unique
      data: entry.file,
      meta,
    });
    if (entry.known) this.uppy.setFileState(entry.uppy, { tus: { uploadUrl: entry.known.url } });
    this.active.set(entry.uppy, entry);
    this.changed(entry);
  }

  release(entry) {
    this.active.delete(entry.uppy);
    if (entry.uppy && this.uppy.getFile(entry.uppy)) this.uppy.removeFile(entry.uppy);
    entry.uppy = null;
  }

  ended(file, state) {
    const entry = this.active.get(file?.id);
    if (!entry) return;
    entry.state = state;
    this.active.delete(entry.uppy);
    const id = entry.uppy;
    entry.uppy = null;
    queueMicrotask(() => this.uppy.getFile(id) && this.uppy.removeFile(id));
    this.changed(entry);
    this.pump();
  }

  failed(file, error, response) {
    const entry = this.active.get(file?.id);
    if (!entry) return;
    let body = null;
    try {
      body = JSON.parse(response?.body?.xhr?.responseText ?? '');
    } catch {
      // an answer without words of ours: the general sentence stands in
    }
    entry.message = this.explain(response?.status ?? 0, body);
    if (response?.status === 404 || response?.status === 410) entry.known = null;
    this.remember(entry);
    this.ended(file, FAILED);
    if (response?.status === 503) setTimeout(() => this.resume([entry]), CLOSED_MS); // closed for work: it goes on by itself
  }

  /** Keep the address of what was begun, so that "try again" goes on from there. */
  remember(entry) {
    const url = entry.uppy && this.uppy.getFile(entry.uppy)?.tus?.uploadUrl;
    if (url && !entry.known) entry.known = { url, offset: entry.loaded };
  }

  /** Files that wait are held back first, so that none of them takes the place of one that stops. */
  pause(entries) {
    const live = entries.filter((entry) => entry.live);
    for (const entry of live) if (entry.state === WAITING) entry.state = PAUSED;
    for (const entry of live) {
      if (entry.state !== SENDING) continue;
      if (!entry.uppy) {
        entry.state = PAUSED;
        continue;
      }
      this.uppy.pauseResume(entry.uppy);
      this.active.delete(entry.uppy); // its place goes to another batch
      entry.paused = entry.uppy;
      entry.state = PAUSED;
    }
    this.stopTogether(live);
    this.settle(live);
  }

  resume(entries) {
    const held = entries.filter((entry) => entry.state === PAUSED || entry.state === FAILED);
    for (const entry of held) {
      if (entry.paused && this.uppy.getFile(entry.paused)) {
        entry.state = SENDING;
        this.active.set(entry.paused, entry);
        this.uppy.pauseResume(entry.paused);
      } else {
        entry.state = WAITING;
        entry.alone = false;
        this.queue.push(entry);
      }
      entry.paused = null;
    }
    this.settle(held);
  }

  /** Stop files and have the server forget what it has of them. */
  remove(entries) {
    const unsent = entries.filter((entry) => entry.state !== SENT && entry.state !== REMOVED);
    for (const entry of unsent) if (entry.state === WAITING) entry.state = REMOVED;
    for (const entry of unsent) {
      const id = entry.uppy ?? entry.paused;
      entry.state = REMOVED;
      this.active.delete(id);
      entry.uppy = null;
      entry.paused = null;
      if (id && this.uppy.getFile(id)) this.uppy.removeFile(id);
      else if (entry.known) {
        fetch(entry.known.url, { method: 'DELETE', credentials: 'same-origin', headers: { 'X-CSRFToken': csrfToken(), 'Tus-Resumable': '1.0.0' } });
      }
    }
    this.stopTogether(unsent);
    this.settle(unsent);
  }

  settle(entries) {
    this.queue = this.queue.filter((entry) => entry.state === WAITING);
    for (const group of new Set(entries.map((entry) => entry.group))) this.changed(entries.find((entry) => entry.group === group));
    this.pump();
  }
}
