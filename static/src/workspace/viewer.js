/** The image viewer in its frame. It tells us what to cite; we tell it what to open. Same origin only. */
const CITE = 'consilium.cite';
const OPEN = 'consilium.open';

export function address(base, studies, { study, series, instance, frame }) {
  const query = new URLSearchParams({ study: [study, ...studies.filter((uid) => uid !== study)].slice(0, 6).join(',') });
  if (series) query.set('series', series);
  if (instance) query.set('instance', instance);
  if (frame) query.set('frame', frame);
  return `${base}?${query}`;
}

export function startViewer(doc) {
  const frame = doc.getElementById('viewer');
  const buttons = [...doc.querySelectorAll('[data-show-study]')];
  const studies = buttons.map((button) => button.dataset.showStudy);
  let cite = () => {};
  const mark = (uid) => {
    for (const button of buttons) button.toggleAttribute('aria-current', button.dataset.showStudy === uid);
    for (const button of buttons) if (button.hasAttribute('aria-current')) button.setAttribute('aria-current', 'true');
  };
  const load = (record) => {
    mark(record.study);
    frame.src = address(frame.dataset.base, studies, record);
  };
  const ready = () => frame.contentDocument?.getElementById('viewer')?.dataset.ready === 'true';
  for (const button of buttons) button.addEventListener('click', () => load({ study: button.dataset.showStudy }));
  window.addEventListener('message', ({ origin, source, data }) => {
    if (origin !== window.location.origin || source !== frame?.contentWindow || data?.type !== CITE) return;
    const { study, series, instance, frame: number } = data;
    cite({ study, series, instance, frame: number });
  });
  return {
    onCite: (call) => { cite = call; },
    open: (record) => {
      if (!frame) return;
      const { study, series, instance, frame: number } = record;
      const shown = new URLSearchParams(frame.src.split('?')[1]).get('study')?.split(',') ?? [];
      if (ready() && shown.includes(study)) frame.contentWindow.postMessage({ type: OPEN, study, series, instance, frame: Number(number) || 1 }, window.location.origin);
      else load({ study, series, instance, frame: number });
    },
  };
}
