/** Repeated parts: the last row is empty; as soon as something is written there, another empty one follows. */

/** "test.2.test" -> "test.3.test": the first whole number between dots, or at the end, is the row's. */
export const nextName = (name) => name.replace(/([.-])(\d+)(?=[.-]|$)/, (_all, dot, number) => `${dot}${Number(number) + 1}`);

const ATTRIBUTES = ['name', 'id', 'for', 'aria-describedby', 'data-cites', 'data-control'];

export function nextRow(pristine) {
  const row = pristine.cloneNode(true);
  for (const attribute of ATTRIBUTES) {
    for (const element of row.querySelectorAll(`[${attribute}]`)) element.setAttribute(attribute, nextName(element.getAttribute(attribute)));
  }
  return row;
}

export function startRows(form) {
  const pristine = new WeakMap();
  const watch = (row) => pristine.set(row, row.cloneNode(true));
  form.querySelectorAll('[data-blank]').forEach(watch);
  form.addEventListener('input', ({ target }) => {
    const row = target.closest('[data-blank]');
    if (!row || !pristine.has(row)) return;
    const next = nextRow(pristine.get(row));
    delete row.dataset.blank;
    row.classList.remove('co-block--blank');
    row.after(next);
    watch(next);
  });
}
