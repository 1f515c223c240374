// What a thread of threads.test.mjs does.

import { Host } from 'outcrop';
import { parentPort, workerData } from 'node:worker_threads';

const host = new Host(workerData.options);
const request = (content) => ({ model: 'amazon-bedrock/us.amazon.nova-lite-v1:0', messages: [{ role: 'user', content }] });

if (workerData.hang) {
  for await (const event of host.stream(request('sim:silence'))) {
    if (event.type === 'text_delta') parentPort.postMessage('streaming');
  }
} else {
  let text = '';
  for await (const event of host.stream(request(`sim:text ${workerData.text}`))) {
    if (event.type === 'text_delta') text += event.delta;
  }
  const { models } = await host.models();
  parentPort.postMessage({ text, models: models.length });
  host.close();
}
