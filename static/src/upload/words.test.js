import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch, Entry, FAILED, REMOVED, SENT, total } from './batch.js';
import { bytes, fill, fingerprint, Speed, timeLeft } from './words.js';

const words = { underMinute: 'less than a minute left', oneMinute: 'about 1 minute left', minutes: 'about {n} minutes left', hours: 'about {n} hours left' };
const file = (name, size, lastModified = 1) => ({ name, size, lastModified });

test('sizes are short and honest', () => {
  assert.equal(bytes(0), '0 B');
  assert.equal(bytes(999), '999 B');
  assert.equal(bytes(1536), '1.5 KB');
  assert.equal(bytes(1023), '1,023 B');
  assert.equal(bytes(312 * 1024 * 1024), '312 MB');
});

test('time left is said in words, or not at all', () => {
  assert.equal(timeLeft(NaN, words), '');
  assert.equal(timeLeft(Infinity, words), '');
  assert.equal(timeLeft(5, words), 'less than a minute left');
  assert.equal(timeLeft(61, words), 'about 1 minute left');
  assert.equal(timeLeft(240, words), 'about 4 minutes left');
  assert.equal(timeLeft(7200, words), 'about 2 hours left');
});

test('unknown names stay as they are', () => assert.equal(fill('{a} of {b}', { a: 1 }), '1 of {b}'));

test('speed follows the last seconds only', () => {
  const speed = new Speed(10_000);
  assert.ok(Number.isNaN(speed.perSecond));
  speed.add(0, 0);
  speed.add(1000, 1000);
  assert.equal(speed.perSecond, 1000);
  for (let second = 2; second < 30; second += 1) speed.add(1000 + 10 * second, second * 1000);
  assert.ok(speed.perSecond < 20);
});

test('the mark of a file is the same again, and another for another folder, size or date', async () => {
  const first = await fingerprint(file('IM1', 10), 'CT/IM1');
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(first, await fingerprint(file('IM1', 10), 'CT/IM1'));
  assert.notEqual(first, await fingerprint(file('IM1', 10), 'MR/IM1'));
  assert.notEqual(first, await fingerprint(file('IM1', 11), 'CT/IM1'));
  assert.notEqual(first, await fingerprint(file('IM1', 10, 2), 'CT/IM1'));
});

test('sums leave removed files out and count sent ones whole', () => {
  const entries = ['CT/a', 'CT/b', 'CT/c', 'CT/d'].map((path) => new Entry({ file: file(path, 100), path, mark: '' }));
  entries[0].state = SENT;
  entries[1].state = FAILED;
  entries[1].loaded = 40;
  entries[2].state = REMOVED;
  const batch = new Batch('1', entries);
  assert.equal(batch.folder, 'CT');
  assert.deepEqual(
    { files: batch.sums.files, size: batch.sums.size, loaded: batch.sums.loaded, sent: batch.sums.sent, failed: batch.sums.failed, waiting: batch.sums.waiting },
    { files: 3, size: 300, loaded: 140, sent: 1, failed: 1, waiting: 1 },
  );
  assert.equal(total([batch, batch]).files, 6);
  assert.equal(new Batch('2', [new Entry({ file: file('x', 1), path: 'x', mark: '' })]).folder, '');
});
