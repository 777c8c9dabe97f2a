/** Sizes, times and counted sentences. Pure: the words come from the page (`upload-words`), so that they are translated there. */

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** 1536 → "1.5 KB" (1024 bytes each, as the server counts); decimal point as the page's language writes it. */
export function bytes(count, language = 'en') {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit && value < 10 ? 1 : 0;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${UNITS[unit]}`;
}

/** "{done} of {all}" with the named values put in. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** Time left in words: seconds → "less than a minute left", "about 4 minutes left". Empty when it cannot be known. */
export function timeLeft(seconds, words) {
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 60) return words.underMinute;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return minutes === 1 ? words.oneMinute : fill(words.minutes, { n: minutes });
  return fill(words.hours, { n: Math.round(minutes / 60) });
}

/** Bytes a second over the last `span` milliseconds. */
export class Speed {
  constructor(span = 15000) {
    this.span = span;
    this.seen = [];
  }

  /** `total`: bytes sent so far; `now`: milliseconds. */
  add(total, now) {
    this.seen.push([now, total]);
    while (this.seen.length > 2 && this.seen[0][0] < now - this.span) this.seen.shift();
  }

  get perSecond() {
    if (this.seen.length < 2) return NaN;
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    return last[0] > first[0] ? ((last[1] - first[1]) * 1000) / (last[0] - first[0]) : NaN;
  }
}

/** The sender's mark of a file: the same file chosen again has the same mark, and the mark says nothing about it. */
export async function fingerprint(file, path) {
  const text = [path, file.name, file.size, file.lastModified].join('\u0000');
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
