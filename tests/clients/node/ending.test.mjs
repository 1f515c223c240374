// How streams end before their time.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, test } from 'node:test';
import { OutcropError } from 'outcrop';
import { all, ask, failure, newHost, stop, textOf, url } from './setting.mjs';
import { recorder } from './simulator.mjs';

const proxy = await recorder(url);
const host = newHost({ endpoint: proxy.url });
after(() => {
  host.close();
  proxy.stop();
  stop();
});

/** How the newest request ended, as the service saw it. */
const end = () => proxy.requests.at(-1).end;

test('an abort closes the connection and gives its reason', async () => {
  const abort = new AbortController();
  const stream = host.stream(ask('sim:silence'), { signal: abort.signal });
  const taken = [];
  const reason = new Error('the user has gone');
  await assert.rejects(async () => {
    for await (const event of stream) {
      taken.push(event);
      // The next event never comes: the loop is waiting when the abort does.
      if (taken.length === 4) setImmediate(() => abort.abort(reason));
    }
  }, reason);
  assert.equal(taken.length, 4);
  assert.equal(await end(), 'gone');
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test('a signal that was aborted before sends nothing', async () => {
  const before = proxy.requests.length;
  const { error, events } = await failure(host.stream(ask('sim:text never'), { signal: AbortSignal.abort() }));
  assert.equal(error.name, 'AbortError');
  assert.deepEqual(events, []);
  await all(host.stream(ask('sim:text afterwards')));
  assert.equal(proxy.requests.length, before + 1);
});

test('a signal outlives many streams without gathering listeners', async () => {
  const { signal } = new AbortController();
  for (let count = 0; count < 20; count += 1) await all(host.stream(ask('sim:text x'), { signal }));
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('to leave the loop closes the connection', async () => {
  for await (const event of host.stream(ask('sim:silence'))) {
    if (event.type === 'text_delta') break;
  }
  assert.equal(await end(), 'gone');
});

test('an error in the loop closes the connection', async () => {
  await assert.rejects(async () => {
    for await (const event of host.stream(ask('sim:silence'))) {
      if (event.type === 'text_delta') throw new RangeError('of the consumer');
    }
  }, RangeError);
  assert.equal(await end(), 'gone');
});

test('a disposed stream is over, for whoever waits too', async () => {
  const stream = host.stream(ask('sim:silence after=0'));
  const waiting = stream.next();
  await proxy.seen(({ body }) => JSON.stringify(body)?.includes('sim:silence after=0'));
  stream[Symbol.dispose]();
  assert.deepEqual(await waiting, { value: undefined, done: true });
  assert.equal(await end(), 'gone');
  stream.cancel();
});

test('calls of next may overlap', async () => {
  const stream = host.stream(ask('sim:text one two three'));
  const results = await Promise.all(Array.from({ length: 12 }, () => stream.next()));
  const events = results.filter(({ done }) => !done).map(({ value }) => value);
  assert.equal(textOf(events), 'one two three');
  assert.equal(events.at(-1).type, 'done');
});

test('a closed host ends its streams and says so', async () => {
  const short = newHost({ endpoint: proxy.url });
  const stream = short.stream(ask('sim:silence'));
  await stream.next();
  const rest = failure(stream);
  short.close();
  short.close();
  const { error } = await rest;
  assert(error instanceof OutcropError);
  assert.equal(error.class, 'shut-down');
  assert.throws(() => short.stream(ask('x')), { class: 'shut-down' });
  await assert.rejects(short.models(), { class: 'shut-down' });
  assert.equal(await end(), 'gone');
});

test('a listing that is waited for no more, and a host closed meanwhile', async () => {
  const short = newHost();
  const abort = new AbortController();
  const listing = short.models({ signal: abort.signal });
  abort.abort();
  await assert.rejects(listing, { name: 'AbortError' });
  const other = short.models();
  short.close();
  // It was through, or it was told.
  await other.then(({ models }) => assert(models.length > 0), (error) => assert.equal(error.class, 'shut-down'));
});

test('a stream that nobody holds is collected and closed', async () => {
  await (async () => {
    const stream = host.stream(ask('sim:silence'));
    await stream.next();
  })();
  const { end } = proxy.requests.at(-1);
  const gone = { yes: false };
  end.then(() => (gone.yes = true));
  while (!gone.yes) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  assert.equal(await end, 'gone');
});

test('a host that nobody holds lives as long as its streams, and no longer', async () => {
  const stream = newHost({ endpoint: proxy.url }).stream(ask('sim:paced deltas=20 every=5'));
  let taken = 0;
  for await (const event of stream) {
    globalThis.gc();
    if (event.type === 'text_delta') taken += 1;
  }
  assert.equal(taken, 20);
});
