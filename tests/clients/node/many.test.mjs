// Many streams on one host, and an event loop that goes on.

import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, test } from 'node:test';
import { ask, newHost, stop, textOf, url } from './setting.mjs';
import { recorder } from './simulator.mjs';

const host = newHost();
after(() => {
  host.close();
  stop();
});

async function checked(prompt, deltas) {
  const events = [];
  for await (const event of host.stream(ask(prompt))) events.push(event);
  const taken = events.filter(({ type }) => type === 'text_delta');
  assert.equal(taken.length, deltas);
  const [first, last] = [events[0].type, events.at(-1).type];
  assert.deepEqual([first, last], ['start', 'done']);
  // In order and whole: the deltas are what the end says the text is.
  assert.equal(events.at(-1).message.content[0].text, textOf(events));
  return textOf(events);
}

/** Runs so many streams at once, and prints how late the event loop is meanwhile: 1 ms is the timer's own. */
async function measured(streams, what, prompt, deltas) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const texts = await Promise.all(Array.from({ length: streams }, () => checked(prompt, deltas)));
  delay.disable();
  const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(2);
  const [median, p99, max] = [delay.percentile(50), delay.percentile(99), delay.max].map(ms);
  console.log(`${streams} streams, ${what}: event-loop delay median ${median} ms, p99 ${p99} ms, max ${max} ms`);
  assert.equal(new Set(texts).size, 1);
}

test('one stream, to tell what of the delays is the machine', () =>
  measured(1, 'a delta every 20 ms', 'sim:paced deltas=50 bytes=20 every=20', 50));

test('64 streams at once, each in order and whole: at a model\'s pace', () =>
  measured(64, 'a delta every 20 ms', 'sim:paced deltas=50 bytes=20 every=20', 50));

test('64 streams at once, each in order and whole: as fast as they come', () =>
  measured(64, 'without pauses', 'sim:long deltas=500 bytes=20 writes=coalesced', 500));

test('a timer comes in between, however fast the answer', async () => {
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 1);
  await checked('sim:long deltas=20000 bytes=20 writes=coalesced', 20000);
  clearInterval(ticking);
  assert(turns > 1, `${turns} turns of a timer`);
});

test('a consumer that does not ask holds the service back', async () => {
  const proxy = await recorder(url);
  const slow = newHost({ endpoint: proxy.url });
  const before = process.memoryUsage.rss();
  const stream = slow.stream(ask('sim:long deltas=200000 bytes=1000'));
  await stream.next();
  const { end } = proxy.requests[0];
  let through = false;
  end.then(() => (through = true));
  // Another answer meanwhile, so that there was time for 200 MB to come.
  await checked('sim:paced deltas=25 bytes=20 every=20', 25);
  assert.equal(through, false, 'the service still waits');
  const grown = (process.memoryUsage.rss() - before) / 1e6;
  console.log(`an answer of 200 MB that nobody takes: ${grown.toFixed(0)} MB more in memory`);
  assert(grown < 100, `${grown} MB more`);
  stream.cancel();
  assert.equal(await end, 'gone');
  slow.close();
  proxy.stop();
});
