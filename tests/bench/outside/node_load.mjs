// The load that a Node client is measured under, and what is told of it.

import { parseArgs } from 'node:util';

/**
 * Measures a client. `connect(endpoint, concurrency)` gives a function that asks for an answer and gives its number of
 * text deltas once it is whole; it throws where it is not.
 */
export async function measure(connect) {
  const { values } = parseArgs({
    options: {
      endpoint: { type: 'string' },
      streams: { type: 'string' },
      concurrency: { type: 'string' },
      model: { type: 'string' },
      prompt: { type: 'string' },
    },
  });
  const { endpoint, model, prompt } = values;
  const [streams, concurrency] = [values.streams, values.concurrency].map(Number);
  if (!endpoint || !model || !prompt || !(streams > 0) || !(concurrency > 0)) {
    throw new Error('usage: --endpoint URL --streams N --concurrency C --model ID --prompt TEXT');
  }
  const answer = await connect(endpoint, concurrency);
  await answer(model, prompt);

  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  let left = streams;
  let events = 0;
  const lane = async () => {
    // Added after the wait: `events += await` would read the sum before it.
    while (left-- > 0) {
      const deltas = await answer(model, prompt);
      events += deltas;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const wall = process.hrtime.bigint() - start;
  const { user, system } = process.cpuUsage(cpu);
  const figures = {
    events,
    cpu_us: user + system,
    wall_us: Number(wall / 1000n),
    peak_rss_bytes: process.resourceUsage().maxRSS * 1024,
  };
  console.log(JSON.stringify(figures));
}
