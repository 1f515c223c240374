import { promisify } from 'node:util';
import * as abi from './abi.js';
import { OutcropError } from './error.js';
import { Log } from './log.js';
import { nativeOptions } from './options.js';
import { EventStream } from './stream.js';

const hostPlace = abi.newPlace();
const streamPlace = abi.newPlace();

/** Calls a function of the library in another thread, where there is room for that. */
const elsewhere = (call) => (abi.hasRoom ? promisify(call.async) : call);
const listModels = elsewhere(abi.hostListModels);
const reloadPlugins = elsewhere(abi.hostReloadPlugins);

/** What there is of a host behind its `Host`. */
class Core {
  handle = null;
  log = null;
  /** The listing under way. */
  listing = null;

  constructor(options) {
    if (options.log) this.log = new Log(options.log);
    let native = null;
    try {
      native = nativeOptions(options, this.log?.address ?? null);
      abi.check(abi.hostNew(native, hostPlace, abi.errorPlace));
      this.handle = hostPlace[0];
    } catch (error) {
      this.log?.close();
      throw error;
    } finally {
      if (native !== null) abi.optionsFree(native);
    }
  }

  close() {
    if (this.handle === null) return;
    abi.hostFree(this.handle);
    this.handle = null;
    this.log?.close();
  }

  open() {
    if (this.handle === null) throw new OutcropError({ class: 'shut-down', message: 'the host was closed' });
    return this.handle;
  }

  /** Calls a function of the host that takes its time. */
  async call(run, ...args) {
    const errorPlace = abi.newPlace();
    try {
      abi.check(await run(this.open(), ...args, errorPlace), errorPlace);
    } catch (error) {
      // Closed before the other thread came to it: to the library that is a handle it does not know.
      this.open();
      throw error;
    }
  }

  async list(timeoutMs) {
    const place = abi.newPlace();
    await this.call(listModels, timeoutMs, place);
    const models = place[0];
    try {
      const all = (count, json) => Array.from({ length: Number(count(models)) }, (_, at) => JSON.parse(abi.read(json(models, at))));
      return {
        models: all(abi.modelsCount, abi.modelsJson),
        problems: all(abi.modelsProblemCount, abi.modelsProblemJson).map((problem) => new OutcropError(problem)),
      };
    } finally {
      abi.modelsFree(models);
    }
  }
}

// Hosts that nobody holds any more.
const forgotten = new FinalizationRegistry((core) => core.close());

/** A loaded plugin with its connections and caches. */
export class Host {
  #core;

  constructor(options = {}) {
    this.#core = new Core(options);
    forgotten.register(this, this.#core);
  }

  /** Lists the models on offer. */
  async models({ timeoutMs = 60_000, signal } = {}) {
    signal?.throwIfAborted();
    const core = this.#core;
    // One thread is enough for all who ask.
    core.listing ??= core.list(timeoutMs).finally(() => (core.listing = null));
    return signal ? unlessAborted(core.listing, signal) : core.listing;
  }

  /** Replaces the plugins that have changed. */
  async reloadPlugins() {
    await this.#core.call(reloadPlugins);
  }

  /** Asks for an answer. */
  stream(request, { signal } = {}) {
    const json = Buffer.from(typeof request === 'string' ? request : JSON.stringify(request) ?? '');
    abi.check(abi.hostStartStream(this.#core.open(), json, json.length, streamPlace, abi.errorPlace));
    return new EventStream(streamPlace[0], this, signal);
  }

  close() {
    this.#core.close();
  }

  [Symbol.dispose]() {
    this.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }
}

/** What `promise` gives, unless `signal` comes first. */
async function unlessAborted(promise, signal) {
  let abort;
  const aborted = new Promise((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
