/** Tabs by the ARIA pattern: arrow keys move, Home and End jump, the panel follows. */
export function startTabs(root) {
  const tabs = [...root.querySelectorAll('[role="tab"]')];
  const select = (tab, focus) => {
    for (const one of tabs) {
      const on = one === tab;
      one.setAttribute('aria-selected', String(on));
      one.tabIndex = on ? 0 : -1;
      document.getElementById(one.getAttribute('aria-controls')).hidden = !on;
    }
    if (focus) tab.focus();
    root.dispatchEvent(new CustomEvent('tab:shown', { detail: tab.id.replace('tab-', '') }));
  };
  root.addEventListener('click', ({ target }) => {
    const tab = target.closest('[role="tab"]');
    if (tab) select(tab);
  });
  root.addEventListener('keydown', (event) => {
    const at = tabs.indexOf(document.activeElement);
    if (at < 0) return;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(tabs[(to + tabs.length) % tabs.length], true);
  });
  return { show: (name) => select(document.getElementById(`tab-${name}`)) };
}

/** On a narrow screen one side shows at a time; the switch says which. */
export function startPanes() {
  const workspace = document.querySelector('.co-workspace');
  const buttons = [...document.querySelectorAll('[data-pane]')];
  const show = (name) => {
    workspace.dataset.shows = name;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.pane === name));
  };
  for (const button of buttons) button.addEventListener('click', () => show(button.dataset.pane));
  show(window.location.hash.startsWith('#part-') ? 'opinion' : 'records');
  return { show };
}
