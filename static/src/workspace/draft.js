/** What the editor adds to the saving of every form: who wrote meanwhile and what to do, doubts about values, which parts are done. */
export function startDraft(form) {
  const line = document.querySelector('[data-autosave-state]');
  form.addEventListener('autosave:state', ({ detail: { state, data } }) => {
    // After the saving module has written its own words.
    setTimeout(() => {
      if (state === 'conflict') conflict(form, line, data);
      if (state === 'invalid' && data.errors?.['']) line.textContent = data.errors[''][0];
      if (state === 'saved') marks(form);
    });
    for (const [name, doubt] of Object.entries(data?.checks ?? {})) ask(form, name, doubt);
  });
  // While two windows differ nothing is sent whole: the answer is one of the two buttons beside the state.
  form.addEventListener('submit', (event) => {
    if (form.saver?.state !== 'conflict') return;
    event.preventDefault();
    event.stopImmediatePropagation();
    (line.querySelector('[data-keep]') ?? line).focus();
  }, true);
  form.addEventListener('input', ({ target }) => {
    const confirmed = target.closest('[data-control]')?.querySelector('[data-doubt-ok] input');
    if (!confirmed || confirmed === target || !confirmed.checked) return;
    confirmed.checked = false;
    form.saver?.change(confirmed.name, []);
  });
  if (window.location.hash.startsWith('#part-')) document.querySelector(`${window.location.hash} details`)?.setAttribute('open', '');
}

function conflict(form, line, data) {
  if (line.querySelector('[data-keep]')) return;
  const words = document.createElement('span');
  words.textContent = ` ${data.text ?? ''} `;
  const keep = document.createElement('button');
  keep.type = 'button';
  keep.className = 'co-link-button';
  keep.dataset.keep = '';
  keep.textContent = form.dataset.textKeep;
  keep.addEventListener('click', async () => {
    // Only what was changed here is sent, on top of what the other window saved.
    form.saver.revision = data.revision;
    form.saver.state = 'unsaved';
    if (await form.saver.flush()) window.location.reload();
  });
  line.append(words, keep);
}

function ask(form, name, doubt) {
  const control = form.querySelector(`[data-control="${CSS.escape(name)}"]`);
  const place = control?.querySelector('[data-doubt]');
  if (!place) return;
  place.hidden = !doubt.text;
  control.classList.toggle('co-control--doubt', Boolean(doubt.text));
  place.querySelector('[data-doubt-text]').textContent = doubt.text;
  const ok = place.querySelector('[data-doubt-ok]');
  if (!ok) return;
  ok.hidden = !doubt.confirm;
  ok.querySelector('input').value = form.elements[name]?.value ?? '';
}

const REQUIRED = {
  diagnosis: ['diagnosis.scale', 'diagnosis.opinion', 'diagnosis.reasons'],
  treatment: ['treatment.scale', 'treatment.opinion', 'treatment.reasons'],
  certainty: ['certainty', 'change_mind', 'urgency.when'],
  plain: ['plain'],
  limits: ['limits'],
};

/** The marks beside the names of the parts. The server decides again before a signature. */
function marks(form) {
  const data = new FormData(form);
  const has = (name) => String(data.get(name) ?? '').trim() !== '';
  const questions = [...new Set([...data.keys()].filter((name) => /^question\.\d+$/.test(name)))];
  const parts = { ...REQUIRED, questions };
  for (const [key, names] of Object.entries(parts)) {
    const link = form.querySelector(`.co-opinion__nav a[href="#part-${key}"]`);
    if (link) link.dataset.done = names.every(has) ? 'yes' : 'no';
  }
}
