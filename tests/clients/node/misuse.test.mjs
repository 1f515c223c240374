import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Host, OutcropError, EventStream } from 'outcrop';
import { all, ask, failure, newHost, options, stop, textOf } from './setting.mjs';

const host = newHost();
after(() => {
  host.close();
  stop();
});

const REQUESTS = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['text that is no JSON', '{'],
  ['an empty object', {}],
  ['an unknown member', ask('x', { temprature: 1 })],
  ['content of an unknown type', ask([{ type: 'imag' }])],
];

for (const [what, request] of REQUESTS) {
  test(`a request that is ${what} is refused at once`, () => {
    assert.throws(() => host.stream(request), (error) => error instanceof OutcropError && error.class === 'invalid-request');
  });
}

test('a model that nobody answers for is an answer that fails', async () => {
  const { error } = await failure(host.stream({ ...ask('x'), model: 'gpt-4' }));
  assert.deepEqual([error.class, error.delivered], ['invalid-request', false]);
  assert.match(error.remedy, /amazon-bedrock\//);
});

const OPTIONS = [
  ['an unknown name', { regoin: 'us-east-1' }, /regoin/],
  ['a negative number', { attempts: -1 }, /attempts/],
  ['a fraction', { workerThreads: 1.5 }, /workerThreads/],
  ['a function', { region: () => 'us-east-1' }, /region/],
  ['a file that is not there', { pluginFile: '/nowhere/plugin.wasm' }, /nowhere/],
  ['configuration that is no JSON5', { config: '{' }, /./],
  ['an unknown level of the log', { log: () => {}, logLevel: 'loud' }, /loud/],
];

for (const [what, more, message] of OPTIONS) {
  test(`options with ${what} are refused`, () => {
    assert.throws(() => new Host({ ...options, ...more }), (error) => error instanceof OutcropError && message.test(error.message));
  });
}

test('every option of the library has a type', () => {
  const types = readFileSync(new URL(import.meta.resolve('outcrop').replace('index.js', 'index.d.ts')), 'utf8');
  for (const value of ['', 0]) {
    let said = '';
    assert.throws(() => newHost({ noSuch: value }), ({ message }) => Boolean((said = message)));
    const names = /there are (.*)/.exec(said)[1].split(', ');
    assert(names.length > 10);
    for (const name of names) {
      const key = name === 'config_text' ? 'config' : name.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase());
      assert.match(types, new RegExp(`  ${key}\\?: `), key);
    }
  }
});

test('plugins are replaced, and a configuration that is not fit changes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outcrop-'));
  const configFile = join(folder, 'config.json5');
  writeFileSync(configFile, '{}');
  const other = newHost({ configFile });
  await other.reloadPlugins();
  writeFileSync(configFile, '{}]');
  await assert.rejects(other.reloadPlugins(), (error) => error instanceof OutcropError && error.message.includes(configFile));
  assert.equal(textOf(await all(other.stream(ask('sim:text x')))), 'x');
  other.close();
  await assert.rejects(other.reloadPlugins(), ({ class: kind }) => kind === 'shut-down');
  rmSync(folder, { recursive: true });
});

test('an option may be a boolean', async () => {
  const other = newHost({ signalHandlers: true });
  assert.equal(textOf(await all(other.stream(ask('sim:text x')))), 'x');
  other.close();
});

test('options that are undefined are left out', async () => {
  const other = newHost({ profile: undefined, guardrail: null });
  assert.equal(textOf(await all(other.stream(ask('sim:text x')))), 'x');
  other.close();
});

test('configuration may be an object', async () => {
  const other = newHost({ config: { models: { providers: { 'amazon-bedrock': { models: [{ id: 'amazon.nova-lite-v1:0', name: 'Mine' }] } } } } });
  const { models } = await other.models();
  assert(models.some(({ name }) => name === 'Mine'));
  other.close();
});

test('numbers that are no streams are no streams', async () => {
  const strange = new EventStream(12345n, host);
  await assert.rejects(strange.next(), { class: 'invalid-handle', status: 11 });
  assert.deepEqual(await strange.next(), { value: undefined, done: true });
});

test('text that looks like options does no harm', () => {
  assert.throws(() => host.stream('\0'), { class: 'invalid-request' });
  assert.throws(() => host.stream(' '.repeat(10_000_000)), { class: 'invalid-request' });
});
