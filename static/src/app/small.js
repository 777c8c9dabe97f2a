/** One-line behaviours, each behind its own data- attribute. */
export function startSmall(doc) {
  doc.addEventListener('click', (event) => {
    const element = event.target instanceof Element ? event.target.closest('[data-print], [data-copy], [data-dialog-open], [data-dialog-close]') : null;
    if (!element) return;
    if ('print' in element.dataset) window.print();
    else if ('copy' in element.dataset) {
      const source = doc.getElementById(element.dataset.copy);
      navigator.clipboard?.writeText(source?.innerText ?? '').then(() => toast(element.dataset.copied ?? 'Copied'));
    } else if ('dialogOpen' in element.dataset) doc.getElementById(element.dataset.dialogOpen)?.showModal();
    else element.closest('dialog')?.close();
  });
  // A filter that applies itself; the form keeps its button for those without scripts.
  doc.addEventListener('change', (event) => {
    const form = event.target instanceof Element ? event.target.closest('form[data-autosubmit]') : null;
    if (form && event.target.matches('select, input[type="checkbox"], input[type="radio"]')) form.requestSubmit();
  });
  // The code of an upload link stands behind the #, where no server sees it: it goes into the box, and out of the history.
  const box = doc.querySelector('[data-from-fragment]');
  if (box && location.hash.length > 40) {
    box.value = location.hash.slice(1);
    history.replaceState(null, '', location.pathname);
  }
  // A passkey that was not used (cancelled, time-out, none here): say so instead of doing nothing.
  doc.addEventListener('allauth.error', (event) => {
    event.preventDefault();
    toast(doc.body.dataset.passkeyFailed ?? 'That did not work. Try again, or sign in another way.', 20_000);
  });
  doc.addEventListener('toast', (event) => toast(event.detail));
}

/** A short word at the lower edge, read out politely. Never the only place a thing is said. */
export function toast(text, ms = 6000) {
  const region = document.getElementById('toasts');
  if (!region || !text) return;
  const line = document.createElement('div');
  line.className = 'co-toast';
  line.textContent = text;
  region.append(line);
  setTimeout(() => line.remove(), ms);
}
