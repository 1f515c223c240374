// Amazon Bedrock for pi, through Outcrop, in place of pi's own provider.

import { createAssistantMessageEventStream, parseStreamingJson } from '@earendil-works/pi-ai';
import type { ExtensionAPI } from '@earendil-works/pi-coding-agent';
import { Host } from 'outcrop';
import { toProviders, toStreamFunction } from 'outcrop/pi';

/** Hosts by the profile and region that pi's `/login` may have been told. */
const hosts = new Map<string, Host>();

function hostFor(_model: unknown, options?: { env?: Record<string, string> }): Host {
  const { AWS_PROFILE: profile, AWS_REGION: region } = options?.env ?? {};
  const key = JSON.stringify([profile, region]);
  let host = hosts.get(key);
  if (!host) {
    host = new Host({ profile, region, configFile: process.env.OUTCROP_CONFIG });
    hosts.set(key, host);
  }
  return host;
}

export default async function (pi: ExtensionAPI) {
  const { models, problems } = await hostFor(undefined).models();
  // The terminal is pi's while it runs; at this moment it is not yet.
  for (const problem of problems) console.error(`outcrop: ${problem.message}${problem.remedy ? `; ${problem.remedy}` : ''}`);

  for (const [provider, offered] of toProviders(models)) {
    pi.registerProvider(provider, {
      name: 'Amazon Bedrock (Outcrop)',
      // Neither is used: Outcrop finds endpoint and credentials as the AWS tools do. pi wants them to be there.
      baseUrl: 'https://bedrock-runtime.amazonaws.com',
      apiKey: 'aws-credential-chain',
      api: 'bedrock-converse-stream',
      models: offered,
      streamSimple: toStreamFunction({
        newStream: createAssistantMessageEventStream,
        parsePartial: parseStreamingJson,
        prefix: provider,
        hostFor,
      }),
    });
  }
}
