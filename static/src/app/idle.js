import { post } from './net.js';

/** When to warn and when the session ends, in ms from `now`, given the last time the server heard from us. */
export function idlePlan({ seconds, lastSeen, now, warnBefore = 120 }) {
  const end = lastSeen + seconds * 1000;
  return { warnIn: Math.max(0, end - Math.min(warnBefore, seconds / 2) * 1000 - now), endIn: Math.max(0, end - now) };
}

/** "1 minute 5 seconds", spoken rarely: whole minutes, then 30 s, then each of the last ten. */
export function remaining(ms, words = { minutes: '%s min', seconds: '%s s' }) {
  const total = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(total / 60);
  const parts = [];
  if (minutes) parts.push(words.minutes.replace('%s', minutes));
  if (total % 60 || !minutes) parts.push(words.seconds.replace('%s', total % 60));
  return parts.join(' ');
}

/**
 * <meta name="idle-seconds" content="1800" data-extend="/session/extend/" data-login="/accounts/login/"> and <dialog id="idle-dialog">.
 * Tabs tell each other, so that work in one keeps the others signed in. Time-out never clears the page: typed words stay.
 */
export function startIdle(doc) {
  const meta = doc.querySelector('meta[name="idle-seconds"]');
  const dialog = doc.getElementById('idle-dialog');
  if (!meta || !dialog) return;
  const seconds = Number(meta.content);
  const left = dialog.querySelector('[data-idle-left]');
  const spoken = dialog.querySelector('[data-idle-spoken]');
  const over = dialog.querySelector('[data-idle-over]');
  const ask = dialog.querySelector('[data-idle-ask]');
  const problem = dialog.querySelector('[data-idle-problem]');
  const back = dialog.querySelector('[data-idle-back]');
  const words = { minutes: dialog.dataset.minutes ?? '%s min', seconds: dialog.dataset.seconds ?? '%s s' };
  let lastSeen = Date.now();
  let timer;
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel('consilium-session') : null;

  const seen = (at = Date.now(), tell = true) => {
    lastSeen = Math.max(lastSeen, at);
    if (tell) channel?.postMessage(lastSeen);
    if (dialog.open) dialog.close();
    dialog.classList.remove('is-over');
    plan();
  };

  function plan() {
    clearTimeout(timer);
    const { warnIn } = idlePlan({ seconds, lastSeen, now: Date.now() });
    timer = setTimeout(warn, warnIn);
  }

  function warn() {
    ask.hidden = false;
    over.hidden = true;
    if (!dialog.open) dialog.showModal();
    tick();
  }

  function tick() {
    clearTimeout(timer);
    const { warnIn, endIn } = idlePlan({ seconds, lastSeen, now: Date.now() });
    if (warnIn > 0) {
      dialog.close();
      plan();
      return;
    }
    if (endIn <= 0) {
      ask.hidden = true;
      over.hidden = false;
      dialog.classList.add('is-over'); // the backdrop hides the page, the page keeps its words
      over.querySelector('a, button')?.focus();
      return;
    }
    const text = remaining(endIn, words);
    left.textContent = text;
    const whole = Math.round(endIn / 1000);
    if (whole % 60 === 0 || whole === 30 || whole === 10) spoken.textContent = text;
    timer = setTimeout(tick, 1000);
  }

  dialog.addEventListener('cancel', (event) => event.preventDefault());
  const stay = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    problem.textContent = '';
    try {
      const response = await post(meta.dataset.extend, new FormData(), { redirect: 'manual' });
      if (response.ok) {
        seen();
        doc.dispatchEvent(new CustomEvent('idle:extended'));
      } else if (response.type === 'opaqueredirect' || response.status === 401 || response.status === 403) {
        lastSeen = 0;
        tick();
        back.textContent = dialog.dataset.stillOut ?? '';
      } else {
        problem.textContent = dialog.dataset.offline ?? '';
      }
    } catch {
      problem.textContent = dialog.dataset.offline ?? '';
    } finally {
      button.disabled = false;
    }
  };
  dialog.querySelectorAll('[data-idle-stay]').forEach((button) => button.addEventListener('click', stay));
  channel?.addEventListener('message', (event) => typeof event.data === 'number' && seen(event.data, false));
  // A save that succeeded has already moved the server's clock.
  doc.addEventListener('autosave:state', (event) => event.detail.state === 'saved' && seen());
  doc.addEventListener('visibilitychange', () => doc.visibilityState === 'visible' && plan());
  channel?.postMessage(lastSeen);
  plan();
}
