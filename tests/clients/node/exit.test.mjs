// The process ends by itself when nothing streams.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { options, stop } from './setting.mjs';

after(stop);

const program = (body) => `
  import { Host } from 'outcrop';
  const host = new Host({ ...${JSON.stringify(options)}, log: process.env.LOG ? () => {} : undefined, logLevel: 'trace' });
  const ask = (content) => host.stream({ model: 'amazon-bedrock/us.amazon.nova-lite-v1:0', messages: [{ role: 'user', content }] });
  ${body}`;

/** Runs a program until it ends by itself; one that does not is ended by the test's time limit. */
async function run(body, env = {}) {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program(body)],
    { env: { ...process.env, ...env }, timeout: 60_000 },
  );
  assert.equal(stderr, '');
  return stdout;
}

const WHOLE = `let text = ''; for await (const event of ask('sim:text whole')) if (event.type === 'text_delta') text += event.delta; console.log(text);`;

for (const [what, body, expected] of [
  ['a host that was not closed', '', ''],
  ['a whole answer', WHOLE, 'whole\n'],
  ['a slow answer, which is waited for', WHOLE.replace('sim:text', 'sim:text headers-after=300'), 'whole\n'],
  ['a stream that is held and asked no more', `const stream = ask('sim:silence'); await stream.next(); globalThis.kept = stream;`, ''],
  ['streams without number', `for (let at = 0; at < 40; at += 1) { const stream = ask('sim:silence'); await stream.next(); (globalThis.kept ??= []).push(stream); }`, ''],
  ['process.exit amid a stream', `for await (const event of ask('sim:silence')) if (event.type === 'text_delta') process.exit(0);`, ''],
]) {
  test(`after ${what}`, async () => assert.equal(await run(body), expected));
  test(`after ${what}, with a log`, async () => assert.equal(await run(body, { LOG: '1' }), expected));
}
