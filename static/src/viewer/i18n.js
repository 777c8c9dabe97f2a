/** Words for people go through Django's JavaScript catalogue when the page loads one, and stand as written when it does not. */
export function t(text, values = {}) {
  const translated = globalThis.django?.gettext?.(text) ?? text;
  return translated.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
