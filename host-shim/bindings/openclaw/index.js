// Amazon Bedrock for OpenClaw, through Outcrop, in place of OpenClaw's own provider.

import { Host } from 'outcrop';
import { toProviders, toStreamFunction } from 'outcrop/pi';

const PROVIDER = 'amazon-bedrock';

/** Hosts by what the configuration says of Bedrock: it may change while the gateway runs. */
const hosts = new Map();

function hostFor(config) {
  const about = aboutBedrock(config);
  const key = JSON.stringify(about);
  let host = hosts.get(key);
  if (!host) {
    host = new Host({ config: about });
    hosts.set(key, host);
  }
  return host;
}

/** The part of OpenClaw's configuration that Outcrop reads, under the same keys. */
function aboutBedrock({ models = {}, plugins = {} } = {}) {
  const provider = models.providers?.[PROVIDER];
  const { enabled: _, ...entry } = plugins.entries?.[PROVIDER] ?? {};
  return {
    models: {
      mode: models.mode,
      bedrockDiscovery: models.bedrockDiscovery,
      providers: provider && { [PROVIDER]: provider },
    },
    plugins: { entries: { [PROVIDER]: entry } },
  };
}

export default {
  id: 'outcrop',
  name: 'Outcrop',
  description: 'Amazon Bedrock through Outcrop',

  register(api) {
    api.registerProvider({
      id: PROVIDER,
      label: 'Amazon Bedrock (Outcrop)',
      docsPath: '/providers/bedrock',
      aliases: ['bedrock', 'aws-bedrock'],
      auth: [],

      catalog: {
        order: 'simple',
        async run({ config }) {
          const { models, problems } = await hostFor(config).models();
          for (const { message, remedy } of problems) api.logger?.warn?.(`outcrop: ${message}${remedy ? `; ${remedy}` : ''}`);
          const offered = toProviders(models).get(PROVIDER) ?? [];
          if (offered.length === 0) return null;
          const configured = config?.models?.providers?.[PROVIDER];
          return {
            provider: {
              baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
              api: 'bedrock-converse-stream',
              auth: 'aws-sdk',
              ...configured,
              models: offered,
            },
          };
        },
      },

      // The credentials are the business of Outcrop's bridge; OpenClaw only wants to know that there are any.
      resolveSyntheticAuth: () => ({ apiKey: 'aws-credential-chain', source: 'AWS credential chain (Outcrop)', mode: 'api-key' }),

      createStreamFn: ({ config }) => toStreamFunction({ hostFor: () => hostFor(config ?? api.config) }),

      // What a family of models takes back, and under which ids, is known to Outcrop.
      buildReplayPolicy: () => ({
        sanitizeMode: 'full',
        sanitizeToolCallIds: false,
        preserveSignatures: true,
        repairToolUseResultPairing: true,
        allowSyntheticToolResults: true,
      }),

      matchesContextOverflowError: ({ errorMessage }) => errorMessage.startsWith('context_length_exceeded:'),
      classifyFailoverReason({ errorMessage }) {
        if (errorMessage.startsWith('Rate limit:')) return 'rate_limit';
        if (errorMessage.startsWith('Service unavailable, overloaded:')) return 'overloaded';
        return undefined;
      },
      resolveThinkingProfile: () => ({
        levels: ['off', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'].map((id) => ({ id })),
        defaultLevel: 'off',
      }),
    });
  },
};
