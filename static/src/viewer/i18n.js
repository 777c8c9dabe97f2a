/**
 * Words for people go through Django's JavaScript catalogue, which the page loads before this module. Without it they stand as written.
 * The name is the one that `makemessages -d djangojs` looks for. `values` fill {gaps}.
 */
export function gettext(text, values = {}) {
  const translated = globalThis.django?.gettext?.(text) ?? text;
  return translated.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
