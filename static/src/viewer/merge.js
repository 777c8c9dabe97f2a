/** Three-way merge of saved viewer states, for when the same person has the study open twice. Pure. */

/** Rows of `mine` that I added or changed since `base` win; rows I removed stay removed; all else is `theirs`. */
export function mergeRows(base, mine, theirs, key) {
  const index = (rows) => new Map((rows ?? []).map((row) => [key(row), row]));
  const [b, m, out] = [index(base), index(mine), index(theirs)];
  for (const [k, row] of m) if (!b.has(k) || JSON.stringify(b.get(k)) !== JSON.stringify(row)) out.set(k, row);
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
