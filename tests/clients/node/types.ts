// Compiled by the tests, never run: what the types promise.

import { type Event, Host, type Model, OutcropError, type Request } from 'outcrop';

const host = new Host({ region: 'us-east-1', attempts: 2, log: ({ level, text }) => console.log(level, text) });
const request: Request = {
  model: 'amazon-bedrock/us.amazon.nova-lite-v1:0',
  system: [{ type: 'text', text: 'Be brief.' }, { type: 'cachePoint', ttl: '1h' }],
  messages: [
    { role: 'user', content: [{ type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' }, { type: 'text', text: '?' }] },
    { role: 'assistant', content: [{ type: 'toolCall', id: '1', name: 'f', arguments: { a: [1] } }] },
    { role: 'toolResult', toolCallId: '1', content: [{ type: 'json', json: { b: 2 } }] },
  ],
  tools: [{ name: 'f', parameters: { type: 'object' } }],
  effort: 'low',
  extensions: { 'service-tier': 'flex', mine: 1 },
};

export async function text(signal: AbortSignal): Promise<string> {
  let text = '';
  try {
    for await (const event of host.stream(request, { signal })) {
      switch (event.type) {
        case 'text_delta':
          text += event.delta;
          break;
        case 'toolcall_end': {
          const { name }: { name: string } = event.toolCall;
          console.log(name, event.contentIndex);
          break;
        }
        case 'done':
          request.messages.push(event.message);
          console.log(event.usage.cost?.total, event.reason === 'toolUse');
          break;
        case 'start':
          // @ts-expect-error: a start has no text
          event.delta;
          break;
      }
    }
  } catch (error) {
    if (error instanceof OutcropError && error.class === 'rate-limited') return `${error.retryAfterMs} ${error.remedy}`;
    throw error;
  }
  return text;
}

const deltas: Extract<Event, { delta: string }>['type'][] = ['text_delta', 'thinking_delta', 'toolcall_delta'];
const models: Model[] = (await host.models({ timeoutMs: 1000 })).models;
console.log(deltas, models[0]?.pricing?.input);

// @ts-expect-error: no such option
new Host({ regoin: 'us-east-1' });
// @ts-expect-error: a request has a model
host.stream({ messages: [] });
// @ts-expect-error: no such role
request.messages.push({ role: 'tool', content: 'x' });
