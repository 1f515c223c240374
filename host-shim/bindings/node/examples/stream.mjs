// Asks a model of Amazon Bedrock and prints the answer as it comes.
//
//     node stream.mjs [MODEL] [PROMPT]

import { Host, OutcropError } from 'outcrop';

const [model = process.env.OUTCROP_MODEL ?? 'amazon-bedrock/us.amazon.nova-lite-v1:0', prompt = 'What is an outcrop?'] =
  process.argv.slice(2);

const host = new Host();
try {
  for await (const event of host.stream({ model, messages: [{ role: 'user', content: prompt }] })) {
    if (event.type === 'text_delta') process.stdout.write(event.delta);
    if (event.type === 'done') process.stdout.write(`\n(${event.usage.totalTokens} tokens)\n`);
  }
} catch (error) {
  if (!(error instanceof OutcropError)) throw error;
  console.error(`${error.class}: ${error.message}`);
  if (error.remedy) console.error(error.remedy);
  process.exitCode = 1;
}
