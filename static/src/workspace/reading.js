/** The reading grade under the patient's page, asked of the server a moment after the typing stops. */
import { post } from '../app/net.js';

export function startReading(form) {
  const area = form.querySelector('textarea[data-reading]');
  if (!area) return;
  const place = document.createElement('div');
  place.className = 'co-reading';
  place.setAttribute('role', 'status');
  area.after(place);
  let timer;
  let asked = 0;
  const measure = async () => {
    if (!area.value.trim()) {
      place.replaceChildren();
      return;
    }
    asked += 1;
    const turn = asked;
    const body = new FormData();
    body.append('text', area.value);
    const answer = await post(form.dataset.readingUrl, body).then((response) => (response.ok ? response.json() : null)).catch(() => null);
    if (answer && turn === asked) draw(form, place, answer);
  };
  area.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(measure, 700);
  });
  measure();
}

function draw(form, place, { grade, target, easy, long_sentences: long, hard_words: hard }) {
  const { textGrade, textLong, textHard, textEasy } = form.dataset;
  const line = document.createElement('p');
  line.className = 'co-reading__grade';
  line.dataset.easy = String(easy);
  line.textContent = `${textGrade.replace('%g', grade).replace('%t', target)}${easy ? ` · ${textEasy}` : ''}`;
  const parts = [line];
  if (long.length) parts.push(list(textLong, long));
  if (grade > target && hard.length) parts.push(list(textHard, [hard.join(', ')]));
  place.replaceChildren(...parts);
}

function list(title, items) {
  const box = document.createElement('div');
  const words = document.createElement('strong');
  words.textContent = title;
  const rows = document.createElement('ul');
  rows.append(...items.map((text) => Object.assign(document.createElement('li'), { textContent: text })));
  box.append(words, rows);
  return box;
}
