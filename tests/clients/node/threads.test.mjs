import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { all, ask, newHost, options, stop, textOf } from './setting.mjs';

after(stop);

test('each thread has a host of its own', async () => {
  const texts = await Promise.all(
    Array.from({ length: 4 }, async (_, at) => {
      const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { options, text: `thread ${at}` } });
      const [[told], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      assert.equal(code, 0);
      return told;
    }),
  );
  assert.deepEqual(texts.map(({ text }) => text), ['thread 0', 'thread 1', 'thread 2', 'thread 3']);
  assert(texts.every(({ models }) => models > 0));
});

test('a thread that is terminated amid a stream leaves the others alone', async () => {
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: { options, hang: true } });
  await once(worker, 'message');
  await worker.terminate();
  const host = newHost();
  assert.equal(textOf(await all(host.stream(ask('sim:text still here')))), 'still here');
  host.close();
});

test('the log is told, of all threads of the library, and no more after the end', async () => {
  const lines = [];
  const host = newHost({ log: (line) => lines.push(line), logLevel: 'trace' });
  await Promise.all(Array.from({ length: 16 }, () => all(host.stream(ask('sim:text secret words')))));
  await all(host.stream(ask('sim:throttling times=1 retry-after=0')));
  host.close();
  const told = lines.length;
  assert(lines.some(({ level, target, text }) => level === 'debug' && target.startsWith('outcrop::') && text.startsWith('answered')));
  assert(lines.some(({ level, text }) => level === 'info' && text.startsWith('trying again')));
  assert(!JSON.stringify(lines).includes('secret words'));
  await new Promise(setImmediate);
  assert.equal(lines.length, told);
});
