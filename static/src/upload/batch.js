/** One choice of files (a few, a folder, a disc): their states and sums. No DOM, no network. */

export const WAITING = 'waiting';
export const SENDING = 'sending';
export const PAUSED = 'paused';
export const SENT = 'sent';
export const FAILED = 'failed';
export const REMOVED = 'removed';

let next = 0;

export class Entry {
  constructor({ file, path, mark, known = null }) {
    next += 1;
    this.id = `f${next}`;
    this.file = file;
    this.path = path;
    this.mark = mark;
    this.known = known; // the server's unfinished upload of this very file
    this.state = WAITING;
    this.loaded = known?.offset ?? 0;
    this.message = '';
    this.uppy = null; // Uppy's id while it is being sent
  }

  get size() {
    return this.file.size;
  }

  get live() {
    return this.state === WAITING || this.state === SENDING;
  }
}

export class Batch {
  constructor(id, entries) {
    this.id = id;
    this.entries = entries;
  }

  /** The folder that all files share, or ''. */
  get folder() {
    const first = this.entries[0]?.path.split('/');
    if (!first || first.length < 2) return '';
    return this.entries.every((entry) => entry.path.startsWith(`${first[0]}/`)) ? first[0] : '';
  }

  get sums() {
    const sums = { files: 0, size: 0, loaded: 0, [WAITING]: 0, [SENDING]: 0, [PAUSED]: 0, [SENT]: 0, [FAILED]: 0 };
    for (const entry of this.entries) {
      if (entry.state === REMOVED) continue;
      sums.files += 1;
      sums.size += entry.size;
      sums.loaded += entry.state === SENT ? entry.size : Math.min(entry.loaded, entry.size);
      sums[entry.state] += 1;
    }
    return sums;
  }
}

/** Sums over several batches. */
export function total(batches) {
  const all = new Batch('', batches.flatMap((batch) => batch.entries));
  return all.sums;
}
