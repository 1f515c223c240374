// OpenClaw with Outcrop's plugin, and with its own Bedrock provider: the same turn, which both must answer alike; then
// the models that it lists.
//
// usage: turns.mjs FOLDER-OF-HOSTS

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recorder, simulator } from '../../clients/node/simulator.mjs';
import { alike, meanings, run, show } from '../compare.mjs';

const hosts = process.argv[2];
const CLI = join(hosts, 'openclaw/node_modules/openclaw/openclaw.mjs');
const PLUGIN = join(hosts, 'openclaw-plugin');
// Of those that OpenClaw does not know by heart: it asks its provider.
const MODEL = 'us.amazon.nova-2-lite-v1:0';

const sim = await simulator('--rules');
const folder = mkdtempSync(join(tmpdir(), 'openclaw-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const workspace = join(folder, 'workspace');

const PLUGINS = {
  own: { allow: ['amazon-bedrock'], entries: { 'amazon-bedrock': { enabled: true, config: { discovery: { enabled: true } } } } },
  outcrop: {
    allow: ['outcrop'],
    load: { paths: [PLUGIN] },
    entries: { outcrop: { enabled: true }, 'amazon-bedrock': { enabled: false } },
  },
};

/** An installation with one of the two. Both work in the same folder, so that they are told the same. */
async function installation(provider) {
  const state = join(folder, provider);
  mkdirSync(state);
  rmSync(workspace, { recursive: true, force: true });
  mkdirSync(workspace);
  writeFileSync(join(workspace, 'note.txt'), 'An outcrop is where the bedrock shows.\n');
  const config = {
    agents: { defaults: { workspace } },
    tools: { allow: ['read'] },
    plugins: PLUGINS[provider],
  };
  writeFileSync(join(state, 'openclaw.json'), JSON.stringify(config));
  const proxy = await recorder(sim.url);
  const env = {
    ...process.env,
    ...sim.env,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: proxy.url,
    AWS_ENDPOINT_URL_BEDROCK: proxy.url,
    // Of OpenClaw's own provider: loopback speaks HTTP/1.1.
    AWS_BEDROCK_FORCE_HTTP1: '1',
    HOME: state,
    OPENCLAW_STATE_DIR: state,
    OPENCLAW_CONFIG_PATH: join(state, 'openclaw.json'),
    // It starts in a third of the time.
    NODE_COMPILE_CACHE: join(hosts, 'compile-cache'),
  };
  const openclaw = async (...args) => {
    const { stdout, stderr, code } = await run(process.execPath, [CLI, ...args], { env, cwd: folder, shown: ['openclaw', ...args] });
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    return stdout;
  };
  return { openclaw, proxy, state };
}

async function turn({ openclaw, proxy, state }, prompt) {
  const answer = await openclaw(
    'agent', '--local', '--session-id', 'turn', '--thinking', 'off', '--model', `amazon-bedrock/${MODEL}`, '--message', prompt,
  );
  const messages = readFileSync(join(state, 'agents/main/sessions/turn.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'message')
    .map(({ message }) => message);
  messages.forEach(show);
  return { answer, messages, requests: meanings(proxy.requests) };
}

// OpenClaw tells its own provider and a plugin's to write ids in different ways; the simulator repeats them.
const withoutIds = (value) => JSON.parse(JSON.stringify(value).replaceAll(/tooluse_?Simulator\d+/g, 'ID'));
/** What was said and done, without ids, times and prices. */
const said = ({ messages }) =>
  withoutIds(
    messages.map(({ role, content, stopReason }) => ({
      role,
      stopReason,
      content: content.map(({ type, text, thinking, name, arguments: input }) => ({ type, text, thinking, name, input })),
    })),
  );
/** Without the limit of tokens: OpenClaw's own listing does not know the model's, and takes a small one. */
const asked = ({ requests }) => withoutIds(requests).map(({ maxTokens: _, system: __, ...rest }) => rest);
// OpenClaw's mark of where its own cache points may stand, which its own Bedrock sends to the model.
const MARK = '<!-- OPENCLAW_CACHE_BOUNDARY -->';
/** The instructions, line by line. */
const instructions = ({ requests }) =>
  requests.map(({ system }) => system.split('\n').filter((line) => line.trim() && line !== MARK));

const PROMPT = 'sim:tools say="One moment." input={"path":"note.txt"}';
console.log("\nOpenClaw's own Bedrock:");
const own = await turn(await installation('own'), PROMPT);
console.log("\nOutcrop's plugin:");
const installed = await installation('outcrop');
const outcrop = await turn(installed, PROMPT);

alike('what was said and done', said(own), said(outcrop));
alike(`what Bedrock was asked (${own.requests.length} requests)`, asked(own), asked(outcrop));
own.requests.forEach((_, at) => {
  const [one, other] = [instructions(own)[at], instructions(outcrop)[at]];
  const differing = [...one.filter((line) => !other.includes(line)), ...other.filter((line) => !one.includes(line))];
  alike(`the instructions of request ${at + 1} (${one.length} lines)`, [], differing);
});
assert.match(outcrop.answer, /where the bedrock shows/);
assert.equal(outcrop.messages.at(-1).stopReason, 'stop');

const listed = JSON.parse(await installed.openclaw('models', 'list', '--all', '--provider', 'amazon-bedrock', '--json'));
const row = listed.models.find(({ key }) => key === `amazon-bedrock/${MODEL}`);
console.log(row);
assert.equal(row.name, 'US Amazon Nova 2 Lite');
const application = listed.models.filter(({ key }) => key.includes('application-inference-profile'));
console.log(`${listed.models.length} models, among them ${application.length} application inference profiles, which OpenClaw's own Bedrock does not find`);
assert(application.length > 0, "those that only Outcrop's listing has");

sim.stop();
process.exit(0);
