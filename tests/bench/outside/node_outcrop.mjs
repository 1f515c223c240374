// Outcrop's Node package under load.

import { Host } from 'outcrop';
import { measure } from './node_load.mjs';

await measure((endpoint, concurrency) => {
  const host = new Host({ endpoint, limitStreams: Math.max(64, concurrency), limitProcessStreams: Math.max(256, concurrency) });
  return async (model, prompt) => {
    const request = {
      model: model.includes('amazon-bedrock/') ? model : `amazon-bedrock/${model}`,
      messages: [{ role: 'user', content: prompt }],
    };
    let deltas = 0;
    let bytes = 0;
    let whole = false;
    for await (const event of host.stream(request)) {
      if (event.type === 'text_delta') {
        deltas += 1;
        bytes += event.delta.length;
      }
      whole = event.type === 'done';
    }
    if (!whole || bytes === 0) throw new Error('an incomplete answer');
    return deltas;
  };
});
