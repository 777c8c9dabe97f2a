/** Plays a stack or a multi-frame object as a film. A frame that is not there yet is waited for, never skipped. */
import { frameRate, number } from './dicom.js';

export class Cine {
  constructor(changed) {
    Object.assign(this, { changed, pane: null, rate: 10, timer: 0 });
  }

  playing(pane) { return this.pane === pane && pane !== null; }
  /** Films as made; stacks at ten a second. */
  static rateOf(pane) { return pane?.image && number(pane.image.dataset, 'frames') > 1 ? frameRate(pane.image.dataset) : 10; }

  toggle(pane) {
    if (this.playing(pane)) return this.stop();
    this.stop();
    if (!pane || pane.ids.length < 2) return undefined;
    this.pane = pane;
    this.tick();
    this.changed();
    return undefined;
  }

  async tick() {
    const pane = this.pane;
    const started = performance.now();
    await pane.step(1, true);
    if (this.pane !== pane) return;
    this.timer = setTimeout(() => this.tick(), Math.max(0, 1000 / this.rate - (performance.now() - started)));
  }

  stop(only = this.pane) {
    if (!this.pane || only !== this.pane) return;
    clearTimeout(this.timer);
    this.pane = null;
    this.changed();
  }
}
