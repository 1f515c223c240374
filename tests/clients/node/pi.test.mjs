// The shape of pi-ai's messages and events, for the hosts that speak it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { toProviders, toRequest, toStreamFunction } from 'outcrop/pi';
import { newHost, stop } from './setting.mjs';

const host = newHost({ attempts: 1 });
const streamSimple = toStreamFunction({ hostFor: () => host, parsePartial: (text) => ({ partial: text }) });
after(() => {
  host.close();
  stop();
});

const MODEL = {
  id: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  api: 'bedrock-converse-stream',
  provider: 'amazon-bedrock',
  cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  maxTokens: 64000,
};
const TOOL = { name: 'bash', description: 'Runs a command.', parameters: { type: 'object', properties: { command: { type: 'string' } } } };
const user = (content) => ({ role: 'user', content, timestamp: 1 });

/** All events of an answer, the partial message's text at each, and the message it ends with. */
async function told(context, options, model = MODEL) {
  const events = [];
  const stream = streamSimple(model, context, options);
  for await (const event of stream) events.push({ ...event, partial: event.partial && structuredClone(event.partial) });
  return { events, message: await stream.result() };
}

test('a request is what the host means', () => {
  const answer = {
    role: 'assistant',
    provider: 'amazon-bedrock',
    model: MODEL.id,
    stopReason: 'toolUse',
    content: [
      { type: 'thinking', thinking: 'Hm.', thinkingSignature: 'c2ln' },
      { type: 'text', text: 'One moment.', textSignature: 'x' },
      { type: 'toolCall', id: 't1', name: 'bash', arguments: { command: 'ls' }, thoughtSignature: 'y' },
    ],
    usage: {},
  };
  const context = {
    systemPrompt: 'Be brief.',
    tools: [TOOL],
    messages: [
      user('hi'),
      { role: 'assistant', content: [{ type: 'text', text: 'half an ans' }], stopReason: 'aborted' },
      answer,
      { role: 'toolResult', toolCallId: 't1', toolName: 'bash', isError: true, details: {}, content: [{ type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' }] },
    ],
  };
  const options = { reasoning: 'high', sessionId: 's', cacheRetention: 'long', temperature: 0.5, signal: 'not this' };
  assert.deepEqual(JSON.parse(JSON.stringify(toRequest(MODEL, context, options))), {
    model: `amazon-bedrock/${MODEL.id}`,
    system: 'Be brief.',
    messages: [
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        model: MODEL.id,
        provider: 'amazon-bedrock',
        content: [
          { type: 'thinking', thinking: 'Hm.', thinkingSignature: 'c2ln' },
          { type: 'text', text: 'One moment.' },
          { type: 'toolCall', id: 't1', name: 'bash', arguments: { command: 'ls' } },
        ],
      },
      { role: 'toolResult', toolCallId: 't1', toolName: 'bash', isError: true, content: [{ type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' }] },
    ],
    tools: [TOOL],
    effort: 'high',
    maxTokens: 64000,
    temperature: 0.5,
    conversationId: 's',
    extensions: { 'cache-retention': 'long' },
  });
});

test('instructions and tools that stand among the messages are those at the end of them', () => {
  const context = {
    messages: [
      { role: 'system', content: 'Base.', sections: { a: 'A.', b: 'B.' }, toolsAdded: [TOOL, { ...TOOL, name: 'read' }] },
      user('hi'),
      { role: 'system', content: [{ type: 'text', text: 'More.' }], sections: { a: null, b: 'New B.' }, toolsRemoved: [{ name: 'bash' }] },
    ],
  };
  const { system, tools, messages } = toRequest(MODEL, context);
  assert.equal(system, 'Base.\n\nMore.\n\nNew B.');
  assert.deepEqual(tools.map(({ name }) => name), ['read']);
  assert.equal(messages.length, 1);
});

test('a turn with a tool call is told as pi tells it', async () => {
  const seen = {};
  const options = {
    onPayload: (payload) => void (seen.payload = payload),
    onResponse: ({ status, headers }) => void (seen.response = [status, headers['x-amzn-requestid']]),
  };
  const { events, message } = await told({ tools: [TOOL], messages: [user('sim:tools say="One moment." input={"command":"ls"}')] }, options);
  assert.equal(events[0].type, 'start');
  assert.equal(events.at(-1).type, 'done');
  assert.deepEqual([events.at(-1).reason, message.stopReason, message.rawStopReason], ['toolUse', 'toolUse', 'tool_use']);
  assert.deepEqual(message.content.map(({ type }) => type), ['text', 'toolCall']);
  assert.deepEqual(message.content[1].arguments, { command: 'ls' });
  assert.equal(message.content[1].id, events.find(({ type }) => type === 'toolcall_end').toolCall.id);
  // Each delta is in the partial message that comes with it.
  let text = '';
  for (const event of events) {
    if (event.type === 'text_delta') {
      text += event.delta;
      assert.equal(event.partial.content[event.contentIndex].text, text);
    }
    if (event.type === 'toolcall_delta') assert(event.partial.content[event.contentIndex].arguments.partial.endsWith(event.delta));
  }
  assert.deepEqual([message.api, message.provider, message.model], [MODEL.api, MODEL.provider, MODEL.id]);
  assert(message.usage.totalTokens > 0 && message.usage.cost.total > 0);
  assert.equal(seen.payload.model, `amazon-bedrock/${MODEL.id}`);
  assert.deepEqual(seen.response, [200, message.responseId]);

  const result = { role: 'toolResult', toolCallId: message.content[1].id, toolName: 'bash', content: [{ type: 'text', text: 'note.txt' }], isError: false };
  const second = await told({ tools: [TOOL], messages: [user('look'), message, result] });
  assert.match(second.message.content[0].text, /note\.txt/);
});

test('reasoning keeps its signature, and goes back', async () => {
  const question = user('sim:reasoning x');
  const { message, events } = await told({ messages: [question] }, { reasoning: 'low' });
  assert.deepEqual(message.content.map(({ type }) => type), ['thinking', 'text']);
  assert(message.content[0].thinkingSignature.length > 0);
  assert(events.some(({ type }) => type === 'thinking_delta'));
  const again = await told({ messages: [question, message, user('sim:text thanks')] }, { reasoning: 'low' });
  assert.equal(again.message.stopReason, 'stop');
});

test('redacted reasoning is a block that goes back', async () => {
  const { message } = await told({ messages: [user('sim:redacted-reasoning')] }, { reasoning: 'low' });
  const thinking = message.content.find(({ type }) => type === 'thinking');
  assert.equal(thinking.redacted, true);
  assert(thinking.thinking.length > 0 && thinking.thinkingSignature.length > 0);
  const again = await told({ messages: [user('x'), message, user('sim:text thanks')] }, { reasoning: 'low' });
  assert.equal(again.message.stopReason, 'stop');
});

/** What hosts look for in a message: to try again, to compact. */
const FAILURES = [
  ['sim:throttling', /rate.?limit/i],
  ['sim:service-unavailable', /overloaded|service.?unavailable/i],
  ['sim:internal-server', /server.?error/i],
  ['sim:context-overflow', /context_length_exceeded/],
  ['sim:early-end', /terminated/],
];
for (const [prompt, words] of FAILURES) {
  test(`the failure of ${prompt} is told in the host's words`, async () => {
    const { events, message } = await told({ messages: [user(prompt)] });
    const last = events.at(-1);
    assert.deepEqual([last.type, last.reason, message.stopReason], ['error', 'error', 'error']);
    assert.equal(last.error, message);
    assert.match(message.errorMessage, words);
    assert.equal(message.diagnostics[0].type, 'outcrop_failure');
    assert.equal(events.filter(({ type }) => type === 'error' || type === 'done').length, 1);
  });
}

test('a refused request is an event, not an exception', async () => {
  const { events, message } = await told({ messages: [] });
  assert.equal(events.length, 1);
  assert.match(message.errorMessage, /^Validation error: /);
});

test('an answer that a guardrail stopped says so', async () => {
  const { message } = await told({ messages: [user('sim:guardrail')] });
  assert.deepEqual([message.stopReason, message.errorMessage], ['error', 'Provider stopped with: guardrail_intervened']);
});

test('an abort is told as one', async () => {
  const abort = new AbortController();
  const stream = streamSimple(MODEL, { messages: [user('sim:silence')] }, { signal: abort.signal });
  for await (const event of stream) if (event.type === 'text_delta') abort.abort();
  const message = await stream.result();
  assert.equal(message.stopReason, 'aborted');
  assert(message.content[0].text.length > 0, 'what had come stays');
});

test('models are offered by provider, with what hosts ask of them', async () => {
  const { models } = await host.models();
  const offered = toProviders(models).get('amazon-bedrock');
  const nova = offered.find(({ id }) => id === 'us.amazon.nova-lite-v1:0');
  assert.deepEqual(
    [nova.name, nova.input, nova.reasoning, nova.cost.input > 0, nova.maxTokens > 0],
    ['US Amazon Nova Lite', ['text', 'image'], false, true, true],
  );
  assert(offered.length < models.length, 'those that call no tools are left out');
});
