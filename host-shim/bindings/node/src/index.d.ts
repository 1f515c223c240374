// Requests and events are the JSON of docs/request.md, which says what every member means.

/** A member whose value is any JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

// ---- The host

export interface HostOptions {
  /** The AWS region; by default that of the environment, the profile or `us-east-1`. */
  region?: string;
  /** A profile of the AWS configuration files. */
  profile?: string;
  /** Where Bedrock is asked, listings included. */
  endpoint?: string;
  /** Keys to be used in place of the AWS tools' usual chain. */
  accessKeyId?: string;
  secretAccessKey?: string;
  sessionToken?: string;
  /** OpenClaw's configuration: a file of it, or its JSON5 text or object. */
  configFile?: string;
  config?: string | object;
  /** Another plugin than the one that is built in. */
  pluginFile?: string;
  /** What the plugin is configured with. */
  settings?: object;
  /** A guardrail that no request can leave out: Converse's `guardrailConfig`. */
  guardrail?: object;
  /** Where compiled plugins and listings are kept. */
  cacheFolder?: string;
  connectTimeoutMs?: number;
  /** How often a request is sent at most, before its first content. */
  attempts?: number;
  /** Where else to ask before any content has come, in order (docs/reliability.md). */
  fallbacks?: string[];
  /** Whether requests are paced after the service has throttled; false. */
  adaptiveRate?: boolean;
  /** Threads for connections and timers; 2. */
  workerThreads?: number;
  /** Limits of the sandbox. */
  limitMemoryBytes?: number;
  limitHostCallBytes?: number;
  limitHandles?: number;
  limitCallTimeMs?: number;
  limitComponentBytes?: number;
  limitAnswerBytes?: number;
  /** In percent of a CPU. */
  limitCpuShare?: number;
  /** How many streams there may be at once: of the plugin (64), and in the process (256). */
  limitStreams?: number;
  limitProcessStreams?: number;
  /** How many streams may wait for a place (none), and how long (30,000). */
  limitQueuedStreams?: number;
  limitQueueTimeMs?: number;
  limitTableElements?: number;
  /** Calls to Bedrock that a stream may have under way. */
  limitBridgeCalls?: number;
  /** Lines of the log that a call of the plugin may write, and the bytes of one. */
  limitLogLines?: number;
  limitLogLineBytes?: number;
  /** Whether the library may install handlers of signals, for traps in the sandbox; true. */
  signalHandlers?: boolean;
  /** Takes lines of the log, none of which holds a prompt, an answer or a key. Costs a thread. */
  log?: (line: LogLine) => void;
  /** Up to which level; `info`. */
  logLevel?: LogLevel;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

export interface LogLine {
  level: LogLevel;
  /** Where it comes from, such as `outcrop::bridge::call`. */
  target: string;
  text: string;
}

/** A loaded plugin with its connections and caches. Make one, and keep it; each thread makes its own. */
export class Host {
  /** Blocks: a few milliseconds, and a good part of a second where no compiled plugin is cached. */
  constructor(options?: HostOptions);

  /** Lists the models on offer, without blocking the event loop. Asks AWS where no fresh listing is cached. */
  models(options?: {
    /** How long to wait at most; 60,000. A negative number sets no limit. */
    timeoutMs?: number;
    signal?: AbortSignal;
  }): Promise<Models>;

  /**
   * Reads the configuration file anew and replaces the plugins that have changed, without blocking the event loop;
   * streams that run end on the plugin that they began with. Where a new plugin, or the file, is not fit, it throws
   * an `OutcropError` and the present plugin stays.
   */
  reloadPlugins(): Promise<void>;

  /**
   * Asks for an answer. Nothing is sent before the first event is asked for. Throws where the request is no
   * request; what goes wrong after that is thrown by the iteration.
   */
  stream(request: Request | string, options?: { signal?: AbortSignal }): EventStream;

  /** Ends the host and its streams. Waits for their threads, which takes a moment. */
  close(): void;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The events of one answer, for one consumer. The last one is `done`; an answer that fails throws an `OutcropError`
 * in its place, and an aborted one the signal's reason. To leave the loop cancels the answer and closes its
 * connection. Nothing is read ahead: what is not asked for waits in the library, and then at the service.
 */
export class EventStream implements AsyncIterableIterator<Event> {
  private constructor();
  next(): Promise<IteratorResult<Event, undefined>>;
  return(value?: undefined): Promise<IteratorResult<Event, undefined>>;
  /** Ends the stream at once. The iteration then ends too, without an error. */
  cancel(): void;
  [Symbol.asyncIterator](): this;
  [Symbol.dispose](): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The version of the library. */
export const version: string;

// ---- Errors

/** The classes of answers, by which a program decides. */
export type AnswerErrorClass =
  | 'invalid-request'
  | 'unauthenticated'
  | 'permission-denied'
  | 'model-not-found'
  | 'model-not-ready'
  | 'context-too-long'
  | 'rate-limited'
  | 'quota-exceeded'
  | 'content-filtered'
  | 'overloaded'
  | 'timeout'
  | 'cancelled'
  | 'network'
  | 'truncated'
  | 'unsupported'
  | 'internal'
  | 'other';

/** Faults of a call. */
export type CallErrorClass =
  | 'invalid-argument'
  | 'invalid-handle'
  | 'panic'
  | 'forked'
  | 'shut-down'
  | 'reentered'
  | 'busy';

/** Why a call or an answer failed. */
export class OutcropError extends Error {
  /** What a program decides by. */
  readonly class: AnswerErrorClass | CallErrorClass;
  /** The class as a number: `outcrop_status` of the C ABI. */
  readonly status: number;
  /** What a person can do about it. */
  readonly remedy: string | null;
  /** The provider's own code, such as `ThrottlingException`. */
  readonly providerCode: string | null;
  readonly httpStatus: number | null;
  /** The provider's name for the failed request. */
  readonly requestId: string | null;
  /** How long the provider asks to wait. */
  readonly retryAfterMs: number | null;
  /** Whether any part of the answer had been handed over. */
  readonly delivered: boolean;
  /** Whether the same request can simply be sent again. */
  readonly retryable: boolean;
  /** Anything more, by key. */
  readonly details?: { [key: string]: Json };
}

// ---- Models

export interface Models {
  models: Model[];
  /** What kept models from the list: a missing permission, for one. */
  problems: OutcropError[];
}

export interface Model {
  /** What to write into `model` of a request. */
  id: string;
  name: string;
  vendor: string;
  input: string[];
  output: string[];
  /** `tools`, `reasoning`, `prompt-caching`, ... */
  abilities: string[];
  contextWindow: number;
  maxOutputTokens: number;
  /** Whether the two limits are known, or only the configured defaults. */
  limitsKnown: boolean;
  /** US dollars per million tokens. */
  pricing: { input: number; output: number; cacheRead: number | null; cacheWrite: number | null } | null;
  origin: string;
  details?: { [key: string]: Json };
}

// ---- Requests

export interface Request {
  /** A routing prefix (`amazon-bedrock/`) and the id of a model or inference profile, or its ARN. */
  model: string;
  messages: Message[];
  system?: string | (Text | CachePoint)[];
  tools?: Tool[];
  toolChoice?: 'auto' | 'any' | 'none' | { name: string };
  effort?: 'off' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  stopSequences?: string[];
  outputSchema?: object;
  conversationId?: string;
  extensions?: Extensions;
  timeouts?: { firstContentMs?: number; silenceMs?: number; totalMs?: number };
}

export type Message = UserMessage | AssistantMessage | ToolResultMessage | SystemMessage;

export interface UserMessage {
  role: 'user';
  content: string | (Text | Image | Document | Video | Audio | ToolResult | CachePoint | Raw)[];
  timestamp?: number;
}

export interface AssistantMessage {
  role: 'assistant';
  content: string | (Text | Thinking | ToolCall | CachePoint | (Raw & { type: string }))[];
  model?: string;
  provider?: string;
  stopReason?: string;
  rawStopReason?: string;
  usage?: Usage;
  requestId?: string;
  details?: { [key: string]: Json };
  timestamp?: number;
}

export interface ToolResultMessage {
  role: 'toolResult';
  toolCallId: string;
  toolName?: string;
  content: ToolResultContent;
  isError?: boolean;
  timestamp?: number;
}

export interface SystemMessage {
  role: 'system';
  content: string | Text[];
  timestamp?: number;
}

export interface Text {
  type: 'text';
  text: string;
  raw?: Json;
}

interface Bytes {
  /** Base64. */
  data: string;
  format?: string;
  mimeType?: string;
  name?: string;
}

export interface Image extends Bytes {
  type: 'image';
}
export interface Video extends Bytes {
  type: 'video';
}
export interface Audio extends Bytes {
  type: 'audio';
}
export interface Document extends Partial<Bytes> {
  type: 'document';
  text?: string;
  citations?: boolean;
  context?: string;
}
export interface Thinking {
  type: 'thinking';
  thinking: string;
  thinkingSignature?: string;
  redacted?: boolean;
}
export interface ToolCall {
  type: 'toolCall';
  id: string;
  name: string;
  arguments?: { [key: string]: any };
}
export interface ToolResult {
  type: 'toolResult';
  toolCallId: string;
  toolName?: string;
  content: ToolResultContent;
  isError?: boolean;
}
export type ToolResultContent =
  | string
  | (Text | { type: 'json'; json: unknown } | Image | Document | Video | SearchResult)[];
export interface SearchResult {
  type: 'searchResult';
  source?: string;
  title?: string;
  content: string | { text: string }[];
  citations?: boolean;
}
export interface CachePoint {
  type: 'cachePoint';
  ttl?: '5m' | '1h';
}
export interface Raw {
  type: string;
  raw: Json;
}

export interface Tool {
  name: string;
  description?: string;
  /** A JSON Schema. */
  parameters?: object;
  strict?: boolean;
}

/** Those of `amazon-bedrock`; other plugins have their own. */
export interface Extensions {
  guardrail?: object;
  trace?: 'enabled' | 'disabled' | 'enabled_full';
  'service-tier'?: 'default' | 'priority' | 'flex' | 'reserved';
  latency?: 'standard' | 'optimized';
  metadata?: { [key: string]: string };
  'cache-retention'?: 'none' | 'short' | 'long';
  'reasoning-display'?: 'summarized' | 'omitted';
  'interleaved-thinking'?: boolean;
  betas?: string[];
  'model-fields'?: object;
  'response-paths'?: string[];
  'output-effort'?: string;
  'system-tools'?: string[];
  'prompt-variables'?: { [key: string]: string };
  [key: string]: unknown;
}

// ---- Events

export type Event =
  | { type: 'start'; model: string; requestId?: string }
  | { type: 'text_start'; contentIndex: number }
  | { type: 'text_delta'; contentIndex: number; delta: string }
  | { type: 'text_end'; contentIndex: number; content: string }
  | { type: 'thinking_start'; contentIndex: number }
  | { type: 'thinking_delta'; contentIndex: number; delta: string }
  | { type: 'thinking_end'; contentIndex: number; content: string }
  | { type: 'toolcall_start'; contentIndex: number; id: string; name: string }
  /** A fragment of the arguments' JSON text. */
  | { type: 'toolcall_delta'; contentIndex: number; delta: string }
  | { type: 'toolcall_end'; contentIndex: number; toolCall: { id: string; name: string; arguments: { [key: string]: any } } }
  | { type: 'block_start'; contentIndex: number; kind: string }
  | { type: 'block_delta'; contentIndex: number; kind: string; value: Json }
  | { type: 'block_end'; contentIndex: number }
  | { type: 'usage'; usage: Usage }
  /** The plugin changed the request so that the model takes it. */
  | { type: 'rewritten'; rule: string; at: string; detail: string }
  | { type: 'extension'; key: string; value: Json }
  | { type: 'done'; reason: StopReason; message: Answer; usage: Usage };

export type StopReason =
  | 'stop'
  | 'length'
  | 'toolUse'
  | 'filtered'
  | 'guardrail'
  | 'refusal'
  | 'malformed'
  /** The provider's own word. */
  | (string & {});

/** A whole answer: goes into the next request's `messages` as it is. */
export interface Answer extends AssistantMessage {
  content: (Text | Thinking | ToolCall | (Raw & { type: string }))[];
  model: string;
  stopReason: StopReason;
  rawStopReason: string;
  usage: Usage;
}

/** Tokens. */
export interface Usage {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  totalTokens: number;
  /** US dollars. */
  cost?: { input: number; output: number; cacheRead: number; cacheWrite: number; total: number };
  details?: { [key: string]: Json };
}
