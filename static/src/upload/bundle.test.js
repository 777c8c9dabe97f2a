import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PAUSED, SENDING, WAITING } from './batch.js';
import { bodyOf, nextBundle, sendBundle, spread, TYPE } from './bundle.js';

const KB = 1024;
const entry = (size, more = {}) => ({ file: new Blob([new Uint8Array(size)]), path: 'CT/IM', mark: 'm', batch: 'b', known: null, state: WAITING, loaded: 0, size, ...more });

test('small files go together, up to eight megabytes and a hundred files', () => {
  const queue = Array.from({ length: 120 }, () => entry(KB));
  assert.equal(nextBundle(queue).length, 100);
  assert.equal(nextBundle(queue).length, 20);
  assert.equal(queue.length, 0);
  const larger = Array.from({ length: 20 }, () => entry(512 * KB));
  assert.equal(nextBundle(larger).length, 16);
});

test('a large, empty, begun or failed file goes alone, and ends a bundle', () => {
  for (const other of [entry(2 * KB * KB), entry(0), entry(KB, { known: {} }), entry(KB, { alone: true }), entry(KB, { state: PAUSED }), entry(KB, { batch: 'c' })]) {
    const queue = [entry(KB), entry(KB), other, entry(KB)];
    assert.equal(nextBundle(queue).length, 2);
    assert.equal(queue[0], other);
  }
  assert.deepEqual(nextBundle([entry(KB)]), []);
});

test('the first line says what follows', async () => {
  const files = [entry(3, { file: new File(['abc'], 'IM1') }), entry(2, { file: new File(['de'], 'IM2') })];
  const [line, rest] = (await new Blob(bodyOf(files)).text()).split('\n');
  assert.deepEqual(JSON.parse(line).map((one) => [one.filename, one.relativePath, one.batch, one.fingerprint, one.size]), [['IM1', 'CT/IM', 'b', 'm', 3], ['IM2', 'CT/IM', 'b', 'm', 2]]);
  assert.equal(rest, 'abcde');
});

test('what was sent is shown file by file', () => {
  const files = [entry(10, { state: SENDING }), entry(10, { state: SENDING })];
  spread(files, 14);
  assert.deepEqual(files.map((one) => one.loaded), [10, 4]);
});

test('one request, and its end is told once with what the server says', () => {
  const told = [];
  class Request {
    constructor() { this.upload = {}; this.headers = {}; Request.last = this; }
    open(...given) { this.opened = given; }
    setRequestHeader(name, value) { this.headers[name] = value; }
    send(body) { this.body = body; }
    abort() { this.status = 0; this.responseText = ''; this.onloadend(); }
  }
  const files = [entry(1), entry(1)];
  const stop = sendBundle('/u/', files, { headers: { 'X-CSRFToken': 't' }, progress: () => {}, ended: (...given) => told.push(given), Request });
  assert.deepEqual(Request.last.opened, ['POST', '/u/']);
  assert.equal(Request.last.headers['Content-Type'], TYPE);
  stop();
  assert.deepEqual(told, [[0, null]]);
});
