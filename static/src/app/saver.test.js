import assert from 'node:assert/strict';
import test from 'node:test';
import { idlePlan, remaining } from './idle.js';
import { step } from './keys.js';
import { backoff } from './net.js';
import { revisionToSubmit, Saver } from './saver.js';

const make = (answers) => {
  const sent = [];
  const states = [];
  const timers = [];
  const saver = new Saver({
    revision: 1,
    random: () => 0.5,
    onState: (state) => states.push(state),
    setTimer: (fn, ms) => timers.push({ fn, ms }),
    clearTimer: () => {},
    send: async (changes, revision) => {
      sent.push([Object.fromEntries(changes), revision]);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { saver, sent, states, timers };
};

test('a change is sent with the revision and the next one with the new revision', async () => {
  const { saver, sent, states } = make([{ status: 200, data: { revision: 2 } }, { status: 200, data: { revision: 3 } }]);
  saver.change('summary', ['one']);
  assert.equal(await saver.flush(), true);
  saver.change('summary', ['two']);
  await saver.flush();
  assert.deepEqual(sent, [[{ summary: ['one'] }, 1], [{ summary: ['two'] }, 2]]);
  assert.deepEqual(states, ['unsaved', 'saving', 'saved', 'unsaved', 'saving', 'saved']);
  assert.equal(saver.dirty, false);
});

test('a lost network keeps the words and tries again later', async () => {
  const { saver, sent, timers } = make([new Error('gone'), { status: 503, data: {} }, { status: 200, data: { revision: 2 } }]);
  saver.change('summary', ['one']);
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, 'offline');
  assert.equal(saver.dirty, true);
  assert.equal(timers.at(-1).ms, 1000);
  await timers.at(-1).fn();
  assert.equal(timers.at(-1).ms, 2000);
  assert.equal(await timers.at(-1).fn(), true);
  assert.deepEqual(sent.at(-1), [{ summary: ['one'] }, 1]);
  assert.equal(saver.state, 'saved');
});

test('words typed while a save fails win over the older ones', async () => {
  let fail;
  const { saver, sent } = make([]);
  saver.send = (changes, revision) => {
    sent.push([Object.fromEntries(changes), revision]);
    return sent.length === 1 ? new Promise((_, no) => { fail = no; }) : Promise.resolve({ status: 200, data: { revision: 2 } });
  };
  saver.change('summary', ['old']);
  const first = saver.flush();
  saver.change('summary', ['new']);
  fail(new Error('gone'));
  await first;
  await saver.flush();
  assert.deepEqual(sent.at(-1), [{ summary: ['new'] }, 1]);
});

test('a conflict stops saving and loses nothing', async () => {
  const { saver, sent } = make([{ status: 409, data: { revision: 7 } }]);
  saver.change('summary', ['one']);
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, 'conflict');
  saver.change('summary', ['two']);
  assert.equal(await saver.flush(), false);
  assert.equal(sent.length, 1);
  assert.deepEqual(saver.waiting.get('summary'), ['two']);
});

test('an ended session is said, not retried', async () => {
  const { saver, timers } = make([{ status: 401, data: {} }]);
  saver.change('summary', ['one']);
  const before = timers.length;
  await saver.flush();
  assert.equal(saver.state, 'signedout');
  assert.equal(timers.length, before);
  assert.equal(saver.dirty, true);
});

test('a page that another tab overtook does not submit over it unseen', () => {
  assert.equal(revisionToSubmit('saved', { revision: 4 }, '3'), 4);
  assert.equal(revisionToSubmit('conflict', { revision: 4 }, '3'), '3');
  assert.equal(revisionToSubmit('offline', {}, '3'), '3');
});

test('backoff doubles to thirty seconds', () => {
  assert.deepEqual([0, 1, 2, 9].map((n) => backoff(n, () => 0.5)), [1000, 2000, 4000, 30000]);
});

test('the idle warning comes two minutes before the end', () => {
  assert.deepEqual(idlePlan({ seconds: 1800, lastSeen: 0, now: 60000 }), { warnIn: 1620000, endIn: 1740000 });
  assert.equal(remaining(65000), '1 min 5 s');
  assert.equal(remaining(120000), '2 min');
});

test('moving through rows stops at both ends', () => {
  assert.deepEqual([step(-1, 3, 1), step(2, 3, 1), step(0, 3, -1), step(-1, 3, -1), step(-1, 0, 1)], [0, 2, 0, 2, -1]);
});
