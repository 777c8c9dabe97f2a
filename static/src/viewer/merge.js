/** Three-way merge of saved viewer states, for when the same person has the study open twice. Pure. */

const inOrder = (value) => (value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, inOrder(value[key])])) : value);
const text = (row) => JSON.stringify(inOrder(row));

/**
 * Whether two rows say the same. Databases put keys in their own order; figures are reckoned anew from rounded points wherever a row is shown,
 * so other figures for the same points are no change, but the first ones are.
 */
export function sameRow(a, b) {
  const figures = ({ stats = {} }) => Object.keys(stats).length;
  return text({ ...a, stats: 0 }) === text({ ...b, stats: 0 }) && (figures(a) > 0 || figures(b) === 0);
}

const sameRows = (a = [], b = [], key) => a.length === b.length && b.every((row) => a.some((one) => key(one) === key(row) && sameRow(one, row)));

/** Whether `now` holds nothing that `before` does not. */
export const sameState = (before, now) => sameRows(before?.measurements, now.measurements, (row) => row.uid) && sameRows(before?.keyImages, now.keyImages, imageKey);

/** Rows of `mine` that I added or changed since `base` win; rows I removed stay removed; all else is `theirs`. */
export function mergeRows(base, mine, theirs, key) {
  const index = (rows) => new Map((rows ?? []).map((row) => [key(row), row]));
  const [b, m, out] = [index(base), index(mine), index(theirs)];
  for (const [k, row] of m) if (!b.has(k) || !sameRow(b.get(k), row)) out.set(k, row);
  for (const k of b.keys()) if (!m.has(k)) out.delete(k);
  return [...out.values()];
}

export const imageKey = ({ series, instance, frame }) => `${series}/${instance}/${frame}`;

export function mergeStates(base, mine, theirs) {
  return {
    version: 1,
    measurements: mergeRows(base?.measurements, mine?.measurements, theirs?.measurements, (row) => row.uid),
    keyImages: mergeRows(base?.keyImages, mine?.keyImages, theirs?.keyImages, imageKey),
  };
}
