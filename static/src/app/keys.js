/** The row to move to. */
export const step = (index, count, by) => (count ? Math.min(count - 1, Math.max(0, index < 0 ? (by > 0 ? 0 : count - 1) : index + by)) : -1);

const typing = (target) => target instanceof Element && (target.closest('input, select, textarea, [contenteditable="true"], dialog') !== null);

/**
 * <table data-keys>: J and K move through rows, Enter opens [data-open] (or the first link), A follows [data-assign]; / goes to [data-search].
 * Single letters can be switched off (WCAG 2.1.4): <body data-keys-off>.
 */
export function startKeys(table) {
  let current = -1;
  const rows = () => [...table.querySelectorAll('tbody tr')];
  const open = (row) => row?.querySelector('[data-open]') ?? row?.querySelector('a[href]');
  const mark = (index) => {
    rows().forEach((row, i) => row.classList.toggle('is-current', i === index));
    current = index;
    const link = open(rows()[index]);
    link?.focus({ preventScroll: true });
    rows()[index]?.scrollIntoView({ block: 'nearest' });
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || 'keysOff' in document.body.dataset) return;
    const key = event.key.toLowerCase();
    const all = rows();
    const focused = all.findIndex((row) => row.contains(document.activeElement));
    if (focused >= 0) current = focused;
    if (key === 'j' || key === 'k') mark(step(current, all.length, key === 'j' ? 1 : -1));
    else if (key === 'a' && all[current]?.querySelector('[data-assign]')) all[current].querySelector('[data-assign]').click();
    else if (key === 'enter' && current >= 0 && focused < 0) open(all[current])?.click();
    else if (key === '/') document.querySelector('[data-search]')?.focus();
    else return;
    event.preventDefault();
  });
}
