// pi with Outcrop's extension, and with its own Bedrock provider: the same turns, which both must answer alike.
//
// usage: turns.mjs FOLDER-OF-HOSTS

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recorder, simulator } from '../../clients/node/simulator.mjs';
import { alike, meanings, run, show } from '../compare.mjs';

const hosts = process.argv[2];
const CLI = join(hosts, 'pi/node_modules/@earendil-works/pi-coding-agent/dist/cli.js');
const EXTENSION = join(hosts, 'pi-extension/index.ts');
const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';

const sim = await simulator('--rules');
const folder = mkdtempSync(join(tmpdir(), 'pi-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'note.txt'), 'An outcrop is where the bedrock shows.\n');

async function pi(proxy, ...args) {
  const env = {
    ...process.env,
    ...sim.env,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: proxy.url,
    AWS_ENDPOINT_URL_BEDROCK: proxy.url,
    // Of pi's own provider: loopback speaks HTTP/1.1.
    AWS_BEDROCK_FORCE_HTTP1: '1',
    HOME: folder,
    PI_OFFLINE: '1',
  };
  return run(process.execPath, [CLI, ...args], { env, cwd: folder, shown: ['pi', ...args.map((arg) => arg.replace(`${hosts}/`, ''))] });
}

/** A turn: the messages of the conversation, and what Bedrock was asked. */
async function turn(extension, prompt, ...args) {
  const proxy = await recorder(sim.url);
  const with_ = extension ? ['-e', EXTENSION] : [];
  const { stdout, stderr } = await pi(
    proxy, '-p', '--mode', 'json', '--no-session', ...with_,
    '--provider', 'amazon-bedrock', '--model', MODEL, ...args, prompt,
  );
  proxy.stop();
  assert.equal(stderr.trim(), '');
  const events = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const messages = events
    .filter(({ type }) => type === 'message_end')
    .map(({ message }) => message)
    .filter(({ role }) => role !== 'system');
  messages.forEach(show);
  return { messages, requests: meanings(proxy.requests), updates: events.filter(({ type }) => type === 'message_update') };
}

/** What was said and done, without ids, times and prices. */
const said = ({ messages }) =>
  messages.map(({ role, content, stopReason }) => ({
    role,
    stopReason,
    content: content.map(({ type, text, thinking, name, arguments: input }) => ({ type, text, thinking, name, input })),
  }));

/** The kinds of events that told an answer, deltas joined: how many they are is the transport's business. */
const steps = ({ updates }) =>
  updates
    .map(({ assistantMessageEvent: { type, contentIndex } }) => `${type} ${contentIndex}`)
    .filter((step, at, all) => step !== all[at - 1]);

const proxy = await recorder(sim.url);
const listed = await pi(proxy, '-e', EXTENSION, '--list-models', 'claude');
proxy.stop();
console.log(listed.stdout.trimEnd());
assert.match(listed.stdout, new RegExp(`amazon-bedrock +${MODEL} `));
assert(proxy.requests.some(({ path }) => path === '/foundation-models'), 'they were asked for');

const TOOL = 'sim:tools say="One moment." input={"command":"cat note.txt"}';
const TURNS = [
  ['a turn with a tool call', TOOL, ['--thinking', 'off', '--tools', 'bash']],
  ['a turn with reasoning', 'sim:reasoning', ['--thinking', 'low', '--tools', 'bash']],
];
for (const [what, prompt, args] of TURNS) {
  const own = await turn(false, prompt, ...args);
  const outcrop = await turn(true, prompt, ...args);
  alike(`${what}: what was said and done`, said(own), said(outcrop));
  alike(`${what}: the steps it was told in`, steps(own), steps(outcrop));
  alike(`${what}: what Bedrock was asked (${own.requests.length} requests)`, own.requests, outcrop.requests);
  assert.equal(outcrop.messages.at(-1).stopReason, 'stop');
  if (prompt === TOOL) assert.match(JSON.stringify(outcrop.messages.at(-1).content), /where the bedrock shows/);
}

const failing = 'sim:access-denied';
const [own, outcrop] = [await turn(false, failing, '--thinking', 'off'), await turn(true, failing, '--thinking', 'off')];
alike('a turn that fails', said(own), said(outcrop));
assert.equal(outcrop.messages.at(-1).stopReason, 'error');

sim.stop();
process.exit(0);
