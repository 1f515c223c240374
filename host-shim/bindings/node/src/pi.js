// What hosts that speak the message types of pi-ai need (pi, OpenClaw): their models, requests and events from and to
// Outcrop's. Nothing of pi is imported: a host hands in how it makes an event stream.

import { OutcropError } from './error.js';

const PREFIX = 'amazon-bedrock';

/** Outcrop's models as a host's, by the provider that is their routing prefix: those that can call tools. */
export function toProviders(models) {
  const providers = new Map();
  for (const model of models) {
    if (!model.abilities.includes('tools')) continue;
    const slash = model.id.indexOf('/');
    const provider = model.id.slice(0, slash);
    if (!providers.has(provider)) providers.set(provider, []);
    providers.get(provider).push({
      id: model.id.slice(slash + 1),
      name: model.name,
      reasoning: model.abilities.includes('reasoning'),
      input: model.input.filter((kind) => kind === 'text' || kind === 'image'),
      cost: {
        input: model.pricing?.input ?? 0,
        output: model.pricing?.output ?? 0,
        cacheRead: model.pricing?.cacheRead ?? 0,
        cacheWrite: model.pricing?.cacheWrite ?? 0,
      },
      contextWindow: model.contextWindow,
      maxTokens: model.maxOutputTokens,
    });
  }
  return providers;
}

/** A host's request as Outcrop's. */
export function toRequest(model, context, options = {}) {
  const prefix = options.prefix ?? PREFIX;
  return {
    model: `${prefix}/${model.id}`,
    system: systemOf(context) || undefined,
    messages: context.messages.flatMap((message) => toMessage(message, model.provider, prefix)),
    tools: orNothing(toolsOf(context).map(toTool)),
    toolChoice: options.toolChoice === 'auto' ? undefined : toToolChoice(options.toolChoice),
    effort: options.reasoning,
    // As the hosts themselves: an agent that writes a file must not be cut off by a careful default.
    maxTokens: options.maxTokens ?? model.maxTokens,
    temperature: options.temperature,
    conversationId: options.sessionId,
    extensions: {
      'cache-retention': options.cacheRetention,
      metadata: options.requestMetadata,
    },
  };
}

const orNothing = (list) => (list.length > 0 ? list : undefined);

const textOf = (content) =>
  typeof content === 'string'
    ? content
    : content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n');

/** The instructions that hold at the end of the conversation: newer hosts keep them, piece by piece, among the messages. */
function systemOf({ systemPrompt, messages }) {
  const parts = [systemPrompt ?? ''];
  const sections = new Map();
  for (const message of messages) {
    if (message.role !== 'system') continue;
    parts.push(textOf(message.content));
    for (const [name, text] of Object.entries(message.sections ?? {})) {
      if (text === null) sections.delete(name);
      else sections.set(name, text);
    }
  }
  return [...parts, ...sections.values()].filter((part) => part.length > 0).join('\n\n');
}

/** The tools that can be called at the end of the conversation. */
function toolsOf({ tools, messages }) {
  const current = new Map((tools ?? []).map((tool) => [tool.name, tool]));
  for (const message of messages) {
    if (message.role !== 'system') continue;
    for (const { name } of message.toolsRemoved ?? []) current.delete(name);
    for (const tool of message.toolsAdded ?? []) current.set(tool.name, tool);
  }
  return [...current.values()];
}

function toTool({ name, description, parameters, constrainedSampling }) {
  const strict = constrainedSampling?.type === 'json_schema' && constrainedSampling.strict === 'require';
  return { name, description, parameters, strict: strict || undefined };
}

const toToolChoice = (choice) => (choice?.type === 'tool' ? { name: choice.name } : choice);

function toMessage(message, provider, prefix) {
  switch (message.role) {
    case 'user':
      return [{ role: 'user', content: toContent(message.content) }];
    case 'assistant':
      return toAnswer(message, provider, prefix);
    case 'toolResult':
      return [{
        role: 'toolResult',
        toolCallId: message.toolCallId,
        toolName: message.toolName,
        content: toContent(message.content),
        isError: message.isError || undefined,
      }];
    default:
      return [];
  }
}

function toContent(content) {
  if (typeof content === 'string') return content;
  return content.flatMap((block) => {
    switch (block.type) {
      case 'text':
        return [{ type: 'text', text: block.text }];
      case 'image':
        return [{ type: 'image', mimeType: block.mimeType, data: block.data }];
      default:
        return [];
    }
  });
}

/** Answers that failed or were aborted are not whole, and do not go back. */
function toAnswer({ content, provider: from, model, stopReason }, provider, prefix) {
  if (stopReason === 'error' || stopReason === 'aborted') return [];
  const blocks = content.flatMap((block) => {
    switch (block.type) {
      case 'text':
        return [{ type: 'text', text: block.text, raw: block.raw }];
      case 'thinking':
        return [{
          type: 'thinking',
          thinking: block.thinking,
          thinkingSignature: block.thinkingSignature || undefined,
          redacted: block.redacted || undefined,
        }];
      case 'toolCall':
        return [{ type: 'toolCall', id: block.id, name: block.name, arguments: block.arguments ?? {} }];
      default:
        return [];
    }
  });
  return [{ role: 'assistant', content: blocks, model, provider: from === provider ? prefix : from }];
}

/** An event stream such as pi-ai's: what is pushed is iterated over, and `result` is the message it ends with. */
class AssistantEvents {
  #events = [];
  #waiting = [];
  #ended = false;
  #end;
  #result = new Promise((resolve) => (this.#end = resolve));

  push(event) {
    if (event.type === 'done') this.#end(event.message);
    if (event.type === 'error') this.#end(event.error);
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ value: event, done: false });
    else this.#events.push(event);
  }

  end() {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ value: undefined, done: true });
  }

  result() {
    return this.#result;
  }

  [Symbol.asyncIterator]() {
    return {
      next: () => {
        if (this.#events.length > 0) return Promise.resolve({ value: this.#events.shift(), done: false });
        if (this.#ended) return Promise.resolve({ value: undefined, done: true });
        return new Promise((resolve) => this.#waiting.push(resolve));
      },
    };
  }
}

/**
 * A host's stream function on Outcrop. `newStream` makes the host's event stream, where it has one to be used; `hostFor`
 * gives the `Host` for a model and options. `parsePartial` reads arguments that have not come to their end.
 */
export function toStreamFunction({ newStream = () => new AssistantEvents(), hostFor, prefix, parsePartial }) {
  return (model, context, options = {}) => {
    const stream = newStream();
    const answer = new Answer(model, stream, parsePartial);
    answer.follow(
      async () => {
        const request = toRequest(model, context, { ...options, prefix });
        const payload = (await options.onPayload?.(request, model)) ?? request;
        return hostFor(model, options).stream(payload, { signal: options.signal });
      },
      options,
    );
    return stream;
  };
}

/** What a host's retries and its compaction go by: words in the message. */
const WORDS = {
  'invalid-request': 'Validation error',
  'context-too-long': 'context_length_exceeded',
  'rate-limited': 'Rate limit',
  'quota-exceeded': 'Quota exceeded',
  overloaded: 'Service unavailable, overloaded',
  timeout: 'Timeout',
  network: 'Network error',
  truncated: 'Stream terminated',
  internal: 'Internal server error',
};

const REASONS = { stop: 'stop', length: 'length', toolUse: 'toolUse' };

/** An answer that is being told to a host. */
class Answer {
  #model;
  #stream;
  #parsePartial;
  #message;
  /** Where Outcrop's blocks stand in the message; blocks that hosts know nothing of stand nowhere. */
  #places = new Map();
  /** The arguments that have come of calls, as text. */
  #texts = new Map();

  constructor(model, stream, parsePartial) {
    this.#model = model;
    this.#stream = stream;
    this.#parsePartial = parsePartial;
    this.#message = {
      role: 'assistant',
      content: [],
      api: model.api,
      provider: model.provider,
      model: model.id,
      usage: toUsage({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, totalTokens: 0 }, model),
      stopReason: 'pending',
      timestamp: Date.now(),
    };
  }

  async follow(start, { signal, onResponse }) {
    const message = this.#message;
    try {
      for await (const event of await start()) {
        if (event.type === 'start') {
          message.responseId = event.requestId;
          const headers = event.requestId ? { 'x-amzn-requestid': event.requestId } : {};
          await onResponse?.({ status: 200, headers }, this.#model);
        }
        this.#tell(event);
      }
    } catch (error) {
      message.stopReason = signal?.aborted ? 'aborted' : 'error';
      message.errorMessage = signal?.aborted ? 'Request was aborted' : describe(error);
      if (message.stopReason === 'error') message.diagnostics = diagnostics(error);
    }
    if (message.stopReason === 'aborted' || message.stopReason === 'error') {
      this.#push('error', { reason: message.stopReason, error: message });
    } else {
      this.#push('done', { reason: message.stopReason, message });
    }
    this.#stream.end();
  }

  #push(type, rest) {
    this.#stream.push({ type, ...rest });
  }

  #tell(event) {
    switch (event.type) {
      case 'start':
        return this.#push('start', { partial: this.#message });
      case 'text_start':
        return this.#open(event, { type: 'text', text: '' });
      case 'thinking_start':
        return this.#open(event, { type: 'thinking', thinking: '' });
      case 'toolcall_start':
        this.#texts.set(event.contentIndex, '');
        return this.#open(event, { type: 'toolCall', id: event.id, name: event.name, arguments: {} });
      case 'text_delta':
        return this.#change(event, { delta: event.delta }, (block) => (block.text += event.delta));
      case 'thinking_delta':
        return this.#change(event, { delta: event.delta }, (block) => (block.thinking += event.delta));
      case 'toolcall_delta':
        return this.#change(event, { delta: event.delta }, (block) => {
          const text = this.#texts.get(event.contentIndex) + event.delta;
          this.#texts.set(event.contentIndex, text);
          if (this.#parsePartial) block.arguments = this.#parsePartial(text);
        });
      case 'text_end':
        return this.#change(event, { content: event.content }, (block) => (block.text = event.content));
      case 'thinking_end':
        return this.#change(event, { content: event.content }, (block) => (block.thinking = event.content));
      case 'toolcall_end': {
        const toolCall = { type: 'toolCall', ...event.toolCall };
        return this.#change(event, { toolCall }, (block) => Object.assign(block, toolCall));
      }
      case 'usage':
        this.#message.usage = toUsage(event.usage, this.#model);
        return undefined;
      case 'done':
        return this.#finish(event);
      default:
        return undefined;
    }
  }

  #open({ type, contentIndex }, block) {
    const place = this.#message.content.push(block) - 1;
    this.#places.set(contentIndex, place);
    this.#push(type, { contentIndex: place, partial: this.#message });
  }

  #change({ type, contentIndex }, told, change) {
    const place = this.#places.get(contentIndex);
    if (place === undefined) return;
    change(this.#message.content[place]);
    this.#push(type, { contentIndex: place, ...told, partial: this.#message });
  }

  #finish({ reason, message: { content, rawStopReason, details }, usage }) {
    const message = this.#message;
    message.content = content.flatMap(toBlock);
    message.usage = toUsage(usage, this.#model);
    message.rawStopReason = rawStopReason;
    if (details?.['invoked-model']) message.responseModel = details['invoked-model'];
    message.stopReason = REASONS[reason] ?? 'error';
    if (message.stopReason === 'error') message.errorMessage = `Provider stopped with: ${rawStopReason || reason}`;
  }
}

/** A block of a whole answer, as hosts keep it. `raw` is what Bedrock wants back with it. */
function toBlock(block) {
  switch (block.type) {
    case 'text':
      return [{ type: 'text', text: block.text, ...(block.raw === undefined ? {} : { raw: block.raw }) }];
    case 'thinking':
      return [{ ...block, thinking: block.redacted ? '[Reasoning redacted]' : block.thinking }];
    case 'toolCall':
      return [{ type: 'toolCall', id: block.id, name: block.name, arguments: block.arguments }];
    default:
      return [];
  }
}

/** Tokens, and what they cost: by Outcrop's prices, or else by the host's. */
function toUsage({ input, output, cacheRead, cacheWrite, totalTokens, cost }, model) {
  const price = (tokens, rate) => (tokens * (rate ?? 0)) / 1e6;
  const own = {
    input: price(input, model.cost?.input),
    output: price(output, model.cost?.output),
    cacheRead: price(cacheRead, model.cost?.cacheRead),
    cacheWrite: price(cacheWrite, model.cost?.cacheWrite),
  };
  own.total = own.input + own.output + own.cacheRead + own.cacheWrite;
  return { input, output, cacheRead, cacheWrite, totalTokens, cost: cost ?? own };
}

function describe(error) {
  if (!(error instanceof OutcropError)) return error instanceof Error ? error.message : String(error);
  const word = WORDS[error.class];
  const said = word ? `${word}: ${error.message}` : error.message;
  return error.remedy && !error.retryable ? `${said} (${error.remedy})` : said;
}

function diagnostics(error) {
  if (!(error instanceof OutcropError)) return undefined;
  const { class: name, providerCode, httpStatus, requestId, retryAfterMs } = error;
  const details = Object.fromEntries(
    Object.entries({ class: name, errorCode: providerCode, status: httpStatus, requestId, retryAfterMs }).filter(
      ([, value]) => value !== null,
    ),
  );
  return [{ type: 'outcrop_failure', timestamp: Date.now(), details }];
}
