import { backoff } from './net.js';

/**
 * The part of autosave that knows no page: what has changed, what is on its way, what to do when it fails.
 *
 * States: clean, unsaved, saving, saved, offline, conflict, invalid, signedout. One request at a time, so that revisions never race.
 * Unsent words live in memory only: never in localStorage, because this is clinical text on a machine that may be shared.
 *
 * `send(changes, revision)` resolves to {status, data}: 200 {revision, saved_at?, errors?}, 409 {revision?}, 400/422 {errors}.
 * It rejects when the network is gone.
 */
export class Saver {
  constructor({ send, revision = '', onState = () => {}, delay = 800, setTimer = setTimeout, clearTimer = clearTimeout, random = Math.random }) {
    Object.assign(this, { send, revision, onState, delay, random });
    this.setTimer = (fn, ms) => setTimer(fn, ms);
    this.clearTimer = (id) => clearTimer(id);
    this.waiting = new Map();
    this.flying = null;
    this.attempt = 0;
    this.timer = null;
    this.state = 'clean';
  }

  get dirty() {
    return this.waiting.size > 0 || this.flying !== null;
  }

  set(state, data = {}) {
    this.state = state;
    this.onState(state, data);
  }

  /** Note a field's newest values (a list: fields may repeat). */
  change(name, values) {
    this.waiting.set(name, values);
    if (this.state === 'conflict') return;
    if (!this.flying && this.state !== 'offline') this.set('unsaved');
    this.arm(this.state === 'offline' ? backoff(this.attempt, this.random) : this.delay);
  }

  arm(ms) {
    this.clearTimer(this.timer);
    this.timer = this.setTimer(() => this.flush(), ms);
  }

  /** Send what waits, now. Resolves true once nothing is unsent. */
  async flush() {
    this.clearTimer(this.timer);
    if (this.flying) {
      await this.flying;
      return this.flush();
    }
    if (this.state === 'conflict') return false;
    if (!this.waiting.size) return true;
    const batch = this.waiting;
    this.waiting = new Map();
    this.flying = this.run(batch);
    const ok = await this.flying;
    return ok && !this.waiting.size;
  }

  async run(batch) {
    this.set('saving');
    const back = () => {
      for (const [name, values] of batch) if (!this.waiting.has(name)) this.waiting.set(name, values);
      this.flying = null;
    };
    let answer;
    try {
      answer = await this.send(batch, this.revision);
    } catch {
      answer = { status: 0, data: {} };
    }
    const { status, data = {} } = answer;
    if (status >= 200 && status < 300) {
      this.flying = null;
      this.attempt = 0;
      if (data.revision !== undefined) this.revision = data.revision;
      if (this.waiting.size) {
        this.set('unsaved');
        this.arm(this.delay);
      } else {
        this.set('saved', data);
      }
      return true;
    }
    if (status === 409) {
      back();
      this.set('conflict', data);
      return false;
    }
    if (status === 400 || status === 422) {
      // These words cannot be stored as they are; trying again would not help until they are changed.
      this.flying = null;
      this.rejected = batch;
      this.set('invalid', data);
      return false;
    }
    back();
    if (status === 401 || status === 403 || status === 404) {
      this.set('signedout', data);
      return false;
    }
    const wait = backoff(this.attempt, this.random);
    this.attempt += 1;
    this.set('offline', { wait });
    this.arm(wait);
    return false;
  }
}

/**
 * The revision that a plain submit of the page carries. After a conflict the old one stays: the submit is then answered with what the
 * other tab saved, and is not put over it unseen.
 */
export const revisionToSubmit = (state, data, before) => (state === 'conflict' ? before : data.revision ?? before);
