import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextName } from './rows.js';
import { address } from './viewer.js';

test('the next row raises the row number and nothing else', () => {
  assert.equal(nextName('test.2.would_change'), 'test.3.would_change');
  assert.equal(nextName('cite.test.9'), 'cite.test.10');
  assert.equal(nextName('id_field-stenosis-1-value'), 'id_field-stenosis-2-value');
  assert.equal(nextName('field.part2.1.value'), 'field.part2.2.value');
  assert.equal(nextName('plain'), 'plain');
});

test('the viewer opens the cited image first, with the other studies beside it', () => {
  const query = new URL(address('/viewer/2K7-4QD/', ['1.1', '1.2'], { study: '1.2', series: '1.2.3', instance: '1.2.3.4', frame: '5' }), 'http://localhost').searchParams;
  assert.equal(query.get('study'), '1.2,1.1');
  assert.equal(query.get('series'), '1.2.3');
  assert.equal(query.get('frame'), '5');
});
