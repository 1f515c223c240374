// For hosts that speak the message types of pi-ai. Their types are the host's own: here they are no more than what is
// used of them.

import type { Host, Model, Request } from './index.js';

/** A model as pi's and OpenClaw's providers declare it. */
export interface ProviderModel {
  id: string;
  name: string;
  reasoning: boolean;
  input: ('text' | 'image')[];
  /** US dollars per million tokens; 0 where it is not known. */
  cost: { input: number; output: number; cacheRead: number; cacheWrite: number };
  contextWindow: number;
  maxTokens: number;
}

/** Models by provider, which is the routing prefix of their ids. Those that cannot call tools are left out. */
export function toProviders(models: Model[]): Map<string, ProviderModel[]>;

/** The request that a model, a context and options of the host come to. */
export function toRequest(
  model: { id: string; provider: string },
  context: { messages: any[]; systemPrompt?: string; tools?: any[] },
  options?: { prefix?: string; [option: string]: any },
): Request;

/** An event stream such as pi-ai's `AssistantMessageEventStream`. */
export interface AssistantEvents extends AsyncIterable<any> {
  push(event: any): void;
  end(): void;
  result(): Promise<any>;
}

/** A stream function (`streamSimple`, `StreamFn`) that asks Outcrop. */
export function toStreamFunction<Stream extends { push(event: any): void; end(): void } = AssistantEvents>(parts: {
  /** Makes an event stream of the host (`createAssistantMessageEventStream`), where it lends one. */
  newStream?: () => Stream;
  /** The host that answers for a model. */
  hostFor: (model: any, options: any) => Host;
  /** The routing prefix; `amazon-bedrock`. */
  prefix?: string;
  /** Reads JSON that has not come to its end: `parseStreamingJson`. */
  parsePartial?: (text: string) => any;
}): (model: any, context: any, options?: any) => Stream;
