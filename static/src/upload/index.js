/** The uploader on the records page. Without it the page's own form still sends files one by one. */
import { Batch, Entry, FAILED, REMOVED, SENT, total } from './batch.js';
import { fromDrop, fromInput } from './choose.js';
import { Sender } from './sender.js';
import { BatchView } from './view.js';
import { fill, fingerprint, Speed, timeLeft } from './words.js';

const QUIET_MS = 20000; // between two spoken progress lines

class Uploader {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(document.getElementById('upload-words').textContent);
    this.language = document.documentElement.lang || 'en';
    this.batches = [];
    this.views = new Map();
    this.dirty = new Set();
    this.speed = new Speed();
    this.spoken = { at: 0, text: '' };
    this.sender = new Sender({
      endpoint: root.dataset.upload,
      changed: (entry) => this.changed(entry),
      explain: (status, body) => body?.message ?? (status ? this.words.failed : this.words.offline),
    });
    this.status = root.querySelector('[data-upload-status]');
    this.overall = root.querySelector('[data-upload-overall]');
    this.still = root.querySelector('[data-upload-still]');
    this.list = root.querySelector('[data-upload-list]');
    this.zone = root.querySelector('[data-upload-zone]');
    this.wire();
  }

  wire() {
    this.root.querySelectorAll('[data-needs-script]').forEach((part) => { part.hidden = false; });
    this.root.querySelectorAll('[data-without-script]').forEach((part) => { part.hidden = true; });
    for (const button of this.root.querySelectorAll('[data-choose]')) {
      const input = document.getElementById(button.dataset.choose);
      button.addEventListener('click', () => input.click());
      input.addEventListener('change', () => {
        const chosen = fromInput(input);
        input.value = ''; // so that the same files can be chosen again
        this.take(chosen);
      });
    }
    let inside = 0;
    const over = (change) => (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      inside += change;
      this.zone.classList.toggle('is-over', inside > 0);
    };
    this.zone.addEventListener('dragenter', over(1));
    this.zone.addEventListener('dragleave', over(-1));
    this.zone.addEventListener('dragover', over(0));
    this.zone.addEventListener('drop', (event) => {
      event.preventDefault();
      inside = 0;
      this.zone.classList.remove('is-over');
      fromDrop(event.dataTransfer).then((chosen) => this.take(chosen), () => this.say(this.words.unreadable, true));
    });
    window.addEventListener('beforeunload', (event) => {
      if (this.busy) event.preventDefault();
    });
    window.addEventListener('online', () => this.retryOffline());
    setInterval(() => this.draw(), 500);
  }

  get busy() {
    const sums = total(this.batches);
    return sums.waiting + sums.sending > 0;
  }

  async take(chosen) {
    if (!chosen.length) return;
    this.say(fill(this.words.preparing, { n: chosen.length }), true);
    const known = await this.unfinished();
    const entries = [];
    for (const { file, path } of chosen) {
      const mark = await fingerprint(file, path);
      const before = known.get(mark);
      if (before) known.delete(mark);
      entries.push(new Entry({ file, path, mark, known: before && before.size === file.size ? before : null }));
    }
    const continued = entries.find((entry) => entry.known);
    const batch = new Batch(continued?.known.batch ?? crypto.randomUUID(), entries);
    for (const entry of entries) {
      entry.batch = batch.id;
      entry.group = batch;
    }
    this.batches.push(batch);
    const view = new BatchView({ batch, words: this.words, language: this.language, act: (verb, list) => this.act(verb, list) });
    this.views.set(batch, view);
    this.list.prepend(view.element);
    this.list.hidden = false;
    const again = entries.filter((entry) => entry.known).length;
    const notice = this.root.querySelector('[data-upload-unfinished]');
    if (notice && again >= Number(notice.dataset.uploadUnfinished)) notice.hidden = true;
    this.say(again ? fill(this.words.continuing, { n: again }) : fill(this.words.sending, { n: entries.length }), true);
    this.dirty.add(batch);
    this.sender.add(entries);
    this.draw();
  }

  /** What the server still waits for, by mark. */
  async unfinished() {
    try {
      const answer = await fetch(this.root.dataset.upload, { credentials: 'same-origin', headers: { Accept: 'application/json' } });
      if (!answer.ok) return new Map();
      return new Map((await answer.json()).unfinished.filter((one) => one.fingerprint).map((one) => [one.fingerprint, one]));
    } catch {
      return new Map(); // offline: they are sent from the start, nothing is lost
    }
  }

  act(verb, entries) {
    if (verb === 'remove') {
      this.sender.remove(entries);
      this.say(fill(this.words.removed, { n: entries.length }), true);
    } else if (verb === 'pause') this.sender.pause(entries);
    else this.sender.resume(entries);
    this.draw();
  }

  retryOffline() {
    for (const batch of this.batches) this.sender.resume(batch.entries.filter((entry) => entry.state === FAILED && entry.message === this.words.offline));
  }

  changed(entry) {
    const batch = entry.group;
    this.dirty.add(batch);
    if (entry.state !== SENT && entry.state !== FAILED && entry.state !== REMOVED) return;
    const sums = batch.sums;
    if (sums.waiting + sums.sending + sums.paused) return;
    if (sums[FAILED]) this.say(fill(this.words.someFailed, { n: sums[FAILED] }), true);
    else if (sums[SENT]) this.say(fill(this.words.allSent, { n: sums[SENT] }), true);
    document.body.dispatchEvent(new CustomEvent('records-changed', { bubbles: true }));
    if (!sums[FAILED]) setTimeout(() => this.fold(batch), 5000);
  }

  /** What was sent whole is listed below with what we found in it; here it has done its work. */
  fold(batch) {
    const view = this.views.get(batch);
    if (!view || view.element.contains(document.activeElement)) return;
    view.element.remove();
    this.views.delete(batch);
    this.dirty.delete(batch);
    this.list.hidden = !this.list.childElementCount;
  }

  draw() {
    if (!this.dirty.size && !this.busy) return;
    const sums = total(this.batches);
    this.speed.add(sums.loaded, performance.now());
    const left = timeLeft((sums.size - sums.loaded) / this.speed.perSecond, this.words);
    let ahead = 0; // batches are sent in the order they were chosen, so each waits for those before it
    for (const batch of this.batches) {
      const own = batch.sums;
      if (own.waiting + own.sending) ahead += own.size - own.loaded;
      if (this.dirty.has(batch)) this.views.get(batch)?.draw(timeLeft(ahead / this.speed.perSecond, this.words));
    }
    this.dirty.clear();
    this.overall.hidden = !sums.files;
    const whole = sums.files > 0 && sums[SENT] === sums.files;
    const text = whole ? this.words.overallDone : this.busy && left ? this.words.overallLeft : this.words.overall;
    this.overall.textContent = fill(text, { done: sums[SENT], all: sums.files, left });
    const here = sums.files - sums[SENT];
    this.still.hidden = here === 0;
    this.still.textContent = fill(here === 1 ? this.words.stillOne : this.words.still, { n: here });
    if (this.busy) this.say(this.overall.textContent);
    if (this.busy) for (const batch of this.batches) if (batch.sums.sending) this.dirty.add(batch);
  }

  /** Speak: at once when something began or ended, else now and then. */
  say(text, now = false) {
    const time = performance.now();
    if (text === this.spoken.text || (!now && time - this.spoken.at < QUIET_MS)) return;
    this.spoken = { at: time, text };
    this.status.textContent = text;
  }
}

document.querySelectorAll('[data-upload]').forEach((root) => new Uploader(root));
