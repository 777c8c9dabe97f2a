/** Pages of documents: one at a time, fetched when shown, larger and smaller, with a citation for each. */
const WIDTHS = ['co-docs__figure--60', 'co-docs__figure--80', '', 'co-docs__figure--140', 'co-docs__figure--200'];

export function startDocuments(doc) {
  const root = doc.querySelector('[data-docs]');
  let cite = () => {};
  if (!root) return { onCite: () => {}, open: () => {} };
  const pages = [...root.querySelectorAll('[data-doc-page]')];
  const buttons = [...root.querySelectorAll('[data-doc]')];
  const place = root.querySelector('[data-doc-place]');
  const citeButton = root.querySelector('[data-doc-cite]');
  let at = 0;
  let zoom = 2;

  const draw = () => {
    const page = pages[at];
    if (!page) return;
    for (const one of pages) one.hidden = one !== page;
    const image = page.querySelector('img[data-src]');
    if (image && !image.src) image.src = image.dataset.src;
    for (const width of WIDTHS) if (width) page.classList.toggle(width, width === WIDTHS[zoom]);
    const siblings = pages.filter((one) => one.dataset.docPage === page.dataset.docPage);
    place.textContent = `${siblings.indexOf(page) + 1} / ${siblings.length}`;
    for (const button of buttons) {
      if (button.dataset.doc === page.dataset.docPage) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
    for (const button of root.querySelectorAll('[data-doc-step]')) {
      const next = pages[at + Number(button.dataset.docStep)];
      button.disabled = !next || next.dataset.docPage !== page.dataset.docPage;
    }
  };
  const open = ({ document: id, page = 1 }) => {
    const found = pages.findIndex((one) => one.dataset.docPage === id && one.dataset.page === String(page));
    if (found >= 0) at = found;
    draw();
  };
  root.addEventListener('click', ({ target }) => {
    const button = target.closest('button');
    if (!button) return;
    if (button.dataset.doc) open({ document: button.dataset.doc });
    if (button.dataset.docStep) { at += Number(button.dataset.docStep); draw(); }
    if (button.dataset.docZoom) { zoom = Math.min(WIDTHS.length - 1, Math.max(0, zoom + Number(button.dataset.docZoom))); draw(); }
    if (button === citeButton && pages[at]) cite({ document: pages[at].dataset.docPage, page: pages[at].dataset.page });
  });
  doc.querySelector('[data-tabs]').addEventListener('tab:shown', ({ detail }) => detail === 'documents' && draw());
  citeButton.disabled = pages.length === 0;
  return { onCite: (call) => { cite = call; }, open };
}
