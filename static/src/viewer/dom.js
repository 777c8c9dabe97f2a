/** Element maker: properties by name, `data` and `aria` as objects, the rest of the arguments are children. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  const { data = {}, aria = {}, on = {}, ...rest } = properties;
  Object.assign(node, rest);
  Object.assign(node.dataset, data);
  for (const [name, value] of Object.entries(aria)) node.setAttribute(name === 'role' ? 'role' : `aria-${name}`, value);
  for (const [name, handler] of Object.entries(on)) node.addEventListener(name, handler);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** One polite live region: rapid scrolling announces only where it stopped. */
export function announcer(node, delay = 400) {
  let timer = 0;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => { node.textContent = text; }, delay);
  };
}
