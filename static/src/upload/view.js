/** One batch on the page. A few files are shown one by one; a folder as one line that opens, and never as thousands of rows. */
import { FAILED, PAUSED, REMOVED, SENDING, SENT, WAITING } from './batch.js';
import { bytes, fill } from './words.js';

const SINGLE = 6; // up to so many files have a line of their own
const SHOWN = 100; // lines of an opened folder

function make(tag, className, text = '') {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Write only what changed: a screen reader and the eye both notice rewriting. */
const put = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

class Row {
  constructor({ title, hint, words, verbs }) {
    this.words = words;
    this.element = make('li', 'co-file');
    this.name = make('div', 'co-file__name');
    this.name.append(make('span', '', title), ' ', (this.hint = make('span', 'co-meta', hint)));
    this.progress = make('div', 'co-file__progress');
    const id = `p${Math.random().toString(36).slice(2)}`;
    this.label = make('label', '');
    this.label.htmlFor = id;
    this.bar = make('progress', 'co-progress');
    this.bar.id = id;
    this.progress.append(this.label, this.bar);
    this.actions = make('div', 'co-file__actions');
    this.buttons = {};
    for (const [verb, act] of Object.entries(verbs)) {
      const button = make('button', 'co-link-button', words[verb]);
      button.type = 'button';
      button.append(make('span', 'nhsuk-u-visually-hidden', ` ${title}`));
      button.addEventListener('click', act);
      this.buttons[verb] = button;
      this.actions.append(button);
    }
    this.problem = make('p', 'co-file__problem');
    this.problem.hidden = true;
    this.element.append(this.name, this.progress, this.actions, this.problem);
  }

  show({ label, value, max, problem = '', can, bar = true }) {
    put(this.label, label);
    this.bar.hidden = !bar;
    this.bar.max = Math.max(1, max);
    this.bar.value = value;
    put(this.problem, problem);
    this.problem.hidden = !problem;
    const held = document.activeElement;
    for (const [verb, button] of Object.entries(this.buttons)) button.hidden = !can.includes(verb);
    if (held?.hidden && this.actions.contains(held)) Object.values(this.buttons).find((button) => !button.hidden)?.focus();
  }
}

const percent = (value, max) => (max ? Math.floor((100 * value) / max) : 100);

function entryRow(entry, { words, language, act }) {
  return new Row({
    title: entry.file.name,
    hint: bytes(entry.size, language),
    words,
    verbs: {
      pause: () => act('pause', [entry]),
      resume: () => act('resume', [entry]),
      retry: () => act('retry', [entry]),
      remove: () => act('remove', [entry]),
    },
  });
}

function showEntry(row, entry, words, left = '') {
  const can = { [WAITING]: ['pause', 'remove'], [SENDING]: ['pause', 'remove'], [PAUSED]: ['resume', 'remove'], [FAILED]: ['retry', 'remove'] }[entry.state] ?? [];
  const label = {
    [WAITING]: words.stateWaiting,
    [SENDING]: fill(left ? words.stateSendingLeft : words.stateSending, { percent: percent(entry.loaded, entry.size), left }),
    [PAUSED]: fill(words.statePaused, { percent: percent(entry.loaded, entry.size) }),
    [SENT]: words.stateSent,
    [FAILED]: words.stateFailed,
  }[entry.state];
  row.show({ label, value: entry.state === SENT ? entry.size : entry.loaded, max: entry.size, problem: entry.message, can, bar: entry.state !== SENT && entry.state !== FAILED });
}

export class BatchView {
  constructor({ batch, words, language, act }) {
    Object.assign(this, { batch, words, language, act });
    this.element = make('li', 'co-upload-batch');
    this.rows = new Map();
    this.single = batch.entries.length <= SINGLE;
    this.inner = make('ul', 'co-list-plain');
    if (this.single) {
      this.element.append(this.inner);
      for (const entry of batch.entries) this.addRow(entry);
      return;
    }
    const wanted = (...states) => batch.entries.filter((entry) => states.includes(entry.state));
    this.head = new Row({
      title: batch.folder || fill(words.files, { n: batch.entries.length }),
      hint: bytes(batch.sums.size, language),
      words,
      verbs: {
        pause: () => act('pause', wanted(WAITING, SENDING)),
        resume: () => act('resume', wanted(PAUSED)),
        retry: () => act('retry', wanted(FAILED)),
        remove: () => act('remove', wanted(WAITING, SENDING, PAUSED, FAILED)),
      },
    });
    const headList = make('ul', 'co-list-plain');
    headList.append(this.head.element);
    this.details = make('details', 'nhsuk-details');
    const summary = make('summary', 'nhsuk-details__summary');
    summary.append(make('span', 'nhsuk-details__summary-text', words.showFiles));
    this.more = make('p', 'co-meta');
    const text = make('div', 'nhsuk-details__text');
    text.append(this.inner, this.more);
    this.details.append(summary, text);
    this.details.addEventListener('toggle', () => this.fillDetails());
    this.element.append(headList, this.details);
  }

  addRow(entry) {
    const row = entryRow(entry, this);
    this.rows.set(entry, row);
    this.inner.append(row.element);
  }

  /** What went wrong first, then what is on its way, then the rest. */
  fillDetails() {
    if (this.single || !this.details.open) return;
    const rank = { [FAILED]: 0, [SENDING]: 1, [PAUSED]: 2, [WAITING]: 3, [SENT]: 4 };
    const alive = this.batch.entries.filter((entry) => entry.state !== REMOVED);
    const shown = alive.sort((a, b) => rank[a.state] - rank[b.state]).slice(0, SHOWN);
    const keep = new Set(shown);
    for (const [entry, row] of this.rows) {
      if (!keep.has(entry) && !row.element.contains(document.activeElement)) {
        row.element.remove();
        this.rows.delete(entry);
      }
    }
    for (const entry of shown) {
      if (this.rows.has(entry)) continue;
      this.addRow(entry);
      showEntry(this.rows.get(entry), entry, this.words); // nothing may move any more that would draw it
    }
    const rest = alive.length - shown.length;
    put(this.more, rest > 0 ? fill(this.words.andMore, { n: rest }) : '');
  }

  draw(left) {
    if (!this.single) this.drawHead(left);
    this.fillDetails();
    for (const [entry, row] of this.rows) {
      if (entry.state === REMOVED) {
        row.element.remove();
        this.rows.delete(entry);
      } else showEntry(row, entry, this.words, this.single && this.batch.entries.length === 1 ? left : '');
    }
    this.element.hidden = this.batch.sums.files === 0;
  }

  drawHead(left) {
    const sums = this.batch.sums;
    const moving = sums.waiting + sums.sending;
    const can = [moving && 'pause', sums.paused && !moving && 'resume', sums.failed && !moving && 'retry', sums.files > sums.sent && 'remove'].filter(Boolean);
    const counted = fill(this.words.counted, { done: sums.sent, all: sums.files });
    const label = !moving && sums.paused ? fill(this.words.countedPaused, { done: sums.sent, all: sums.files })
      : sums.sent === sums.files ? this.words.countedSent
        : [counted, left].filter(Boolean).join(', ');
    this.head.show({ label, value: sums.loaded, max: sums.size, problem: sums.failed ? fill(this.words.failedCount, { n: sums.failed }) : '', can, bar: sums.sent !== sums.files });
  }
}
