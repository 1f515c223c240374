// What the tests share: one simulator, hosts that ask it, and requests.

import { Host } from 'outcrop';
import { simulator } from './simulator.mjs';

export const { url, stop } = await simulator();

export const options = {
  endpoint: url,
  region: 'us-east-1',
  accessKeyId: 'AKIDSIMULATOR000000',
  secretAccessKey: 'simulator-secret',
  cacheFolder: process.env.OUTCROP_CACHE_DIR,
};

export const newHost = (more = {}) => new Host({ ...options, ...more });

export const MODEL = 'amazon-bedrock/us.amazon.nova-lite-v1:0';
export const CLAUDE = 'amazon-bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0';

export const ask = (content, more = {}) => ({ model: MODEL, messages: [{ role: 'user', content }], ...more });

/** All events of a stream. */
export async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

export const textOf = (events) =>
  events.reduce((text, event) => (event.type === 'text_delta' ? text + event.delta : text), '');

/** What a stream fails with. */
export async function failure(stream) {
  const events = [];
  try {
    for await (const event of stream) events.push(event);
  } catch (error) {
    return { error, events };
  }
  throw new Error('the answer did not fail');
}
