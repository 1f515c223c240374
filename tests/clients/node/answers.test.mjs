import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { version } from 'outcrop';
import { CLAUDE, all, ask, newHost, stop, textOf } from './setting.mjs';

const host = newHost();
after(() => {
  host.close();
  stop();
});

test('a text arrives in order, with one end', async () => {
  const events = await all(host.stream(ask('sim:text An outcrop shows the bedrock: ünïcödé, 石, 🪨.')));
  assert.equal(textOf(events), 'An outcrop shows the bedrock: ünïcödé, 石, 🪨.');
  assert.deepEqual([events[0].type, events[1].type], ['start', 'text_start']);
  const { type, message, reason } = events.at(-1);
  assert.deepEqual([type, reason, message.content[0].text], ['done', 'stop', textOf(events)]);
  for (const event of events) {
    if (event.type === 'text_delta') assert.deepEqual(Object.keys(event), ['type', 'contentIndex', 'delta']);
  }
});

test('half a surrogate pair in a prompt is no reason to fail', async () => {
  const events = await all(host.stream(ask('sim:text half \ud83d.')));
  assert.equal(textOf(events), 'half \ufffd.');
});

test('a tool call and its result make a round', async () => {
  const tools = [{
    name: 'temperature',
    description: 'The temperature in a city, now.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  }];
  const question = { role: 'user', content: 'sim:tools say="One moment." input={"city":"Oslo"}' };
  const first = await all(host.stream({ model: CLAUDE, messages: [question], tools }));
  const done = first.at(-1);
  assert.equal(done.reason, 'toolUse');
  const { toolCall, contentIndex } = first.find(({ type }) => type === 'toolcall_end');
  assert.deepEqual([toolCall.name, toolCall.arguments], ['temperature', { city: 'Oslo' }]);
  const fragments = first.filter(({ type }) => type === 'toolcall_delta');
  assert(fragments.every((event) => event.contentIndex === contentIndex));
  assert.deepEqual(JSON.parse(fragments.map(({ delta }) => delta).join('')), { city: 'Oslo' });

  const result = { role: 'toolResult', toolCallId: toolCall.id, content: [{ type: 'json', json: { celsius: -4.5 } }] };
  const second = await all(host.stream({ model: CLAUDE, messages: [question, done.message, result], tools }));
  assert.match(textOf(second), /-4\.5/);
});

test('reasoning is told apart from text, and keeps its signature', async () => {
  const events = await all(host.stream({ ...ask('sim:reasoning The answer.'), model: CLAUDE, effort: 'low' }));
  const shown = events.filter(({ type }) => type === 'thinking_delta').map(({ delta }) => delta).join('');
  const [thinking, text] = events.at(-1).message.content;
  assert.equal(thinking.thinking, shown);
  assert(thinking.thinkingSignature.length > 0);
  assert.equal(text.text, textOf(events));
});

test('models are listed while the event loop runs', async () => {
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 1);
  const [{ models, problems }, again] = await Promise.all([host.models(), host.models()]);
  clearInterval(ticking);
  assert(turns > 0, 'the loop turned meanwhile');
  assert.deepEqual(problems, []);
  assert.deepEqual(again.models, models);
  const nova = models.find(({ id }) => id === 'amazon-bedrock/us.amazon.nova-lite-v1:0');
  assert.equal(nova.name, 'US Amazon Nova Lite');
  assert(nova.contextWindow > 0 && nova.abilities.includes('tools'));
});

test('a request may be JSON text, and the version is told', async () => {
  assert.equal(textOf(await all(host.stream(JSON.stringify(ask('sim:text text'))))), 'text');
  assert.match(version, /^\d+\.\d+\.\d+$/);
});
