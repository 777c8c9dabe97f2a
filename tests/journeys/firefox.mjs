// Opens one page in Firefox by WebDriver BiDi, which Firefox speaks itself, and prints what the viewer shows as JSON.
// node firefox.mjs PROGRAM PROFILE URL COOKIE_NAME COOKIE_VALUE
import { spawn } from 'node:child_process';

const [program, profile, url, name, value] = process.argv.slice(2);
const APP = "document.getElementById('viewer').consilium";
const firefox = spawn(program, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
const address = await new Promise((found, failed) => {
  let said = '';
  firefox.stderr.on('data', (chunk) => { said += chunk; const match = /WebDriver BiDi listening on (ws:\S+)/.exec(said); if (match) found(match[1]); });
  firefox.on('exit', () => failed(new Error(`Firefox ended: ${said.slice(-500)}`)));
});
process.on('exit', () => firefox.kill());   // whatever goes wrong below
const socket = new WebSocket(`${address}/session`);
await new Promise((open, failed) => { socket.onopen = open; socket.onerror = failed; });
const waiting = new Map();
const errors = [];
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message.method === 'log.entryAdded' && message.params.level === 'error') errors.push(message.params.text);
  const done = waiting.get(message.id);
  if (!done) return;
  waiting.delete(message.id);
  if (message.type === 'error') done.failed(new Error(`${message.error}: ${message.message}`)); else done.ok(message.result);
};
let last = 0;
const send = (method, params) => new Promise((ok, failed) => { last += 1; waiting.set(last, { ok, failed }); socket.send(JSON.stringify({ id: last, method, params })); });

async function look() {
  await send('session.new', { capabilities: {} });
  await send('session.subscribe', { events: ['log.entryAdded'] });
  const { contexts: [{ context }] } = await send('browsingContext.getTree', {});
  await send('storage.setCookie', { cookie: { name, value: { type: 'string', value }, domain: new URL(url).hostname, path: '/' } });
  await send('browsingContext.setViewport', { context, viewport: { width: 1280, height: 800 } });
  await send('browsingContext.navigate', { context, url, wait: 'complete' });
  const evaluate = async (expression) => (await send('script.evaluate', { expression: `JSON.stringify(${expression})`, target: { context }, awaitPromise: true })).result?.value;
  const until = async (expression) => {
    const end = Date.now() + 90000;
    while ((await evaluate(`Boolean(${expression})`)) !== 'true') {
      if (Date.now() > end) throw new Error(`never true: ${expression}`);
      await new Promise((next) => { setTimeout(next, 100); });
    }
  };
  const press = (key) => send('input.performActions', { context, actions: [{ type: 'key', id: 'keys', actions: [{ type: 'keyDown', value: key }, { type: 'keyUp', value: key }] }] });
  await until(`document.getElementById('viewer')?.dataset.ready === 'true' && ${APP}.panes[0].message.hidden && ${APP}.panes[0].ids.length`);
  const first = Number(await evaluate(`${APP}.panes[0].index`));
  await press('\uE015');   // arrow down
  await until(`${APP}.panes[0].index === ${first + 1} && ${APP}.panes[0].message.hidden`);
  for (const key of ['l', '\uE007', '\uE007', ...Array(10).fill('\uE014'), '\uE007']) await press(key);
  await until(`${APP}.state.measurements()[0]?.stats.length && ${APP}.state.status === 'Saved'`);
  const facts = JSON.parse(await evaluate(`{ cpu: ${APP}.cpu, words: document.querySelector('.co-v-pane').innerText, letters: [...document.querySelectorAll('.co-v-edge')].map((one) => one.textContent), `
    + `length: ${APP}.state.measurements()[0].stats.length, height: ${APP}.panes[0].canvas.clientHeight }`));
  return { first, ...facts, errors };
}

let status = 0;
try {
  console.log(JSON.stringify(await look()));
} catch (error) {
  console.error(error.message, errors.join(' | '));
  status = 1;
}
firefox.removeAllListeners('exit');
await Promise.race([send('browser.close', {}).catch(() => {}), new Promise((next) => { setTimeout(next, 3000); })]);
firefox.kill();
process.exit(status);
