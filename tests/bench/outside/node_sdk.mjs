// The AWS SDK for JavaScript under load, over HTTP/1.1 as Outcrop on loopback.

import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent } from 'node:http';
import { measure } from './node_load.mjs';

await measure((endpoint, concurrency) => {
  const client = new BedrockRuntimeClient({
    endpoint,
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, maxSockets: Math.max(50, concurrency) }) }),
  });
  return async (model, prompt) => {
    const { stream } = await client.send(
      new ConverseStreamCommand({
        modelId: model.replace(/^amazon-bedrock\//, ''),
        messages: [{ role: 'user', content: [{ text: prompt }] }],
      }),
    );
    let deltas = 0;
    let bytes = 0;
    let stopped = false;
    for await (const event of stream) {
      const text = event.contentBlockDelta?.delta?.text;
      if (text !== undefined) {
        deltas += 1;
        bytes += text.length;
      }
      stopped ||= event.messageStop !== undefined;
    }
    if (!stopped || bytes === 0) throw new Error('an incomplete answer');
    return deltas;
  };
});
