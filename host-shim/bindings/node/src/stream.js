import { Socket } from 'node:net';
import * as abi from './abi.js';
import { OutcropError } from './error.js';
import { takeEvent } from './events.js';
import { START, mayTake, nextTurn } from './turns.js';

const OVER = Object.freeze({ value: undefined, done: true });
const eventPlace = abi.newPlace();
const descriptorPlace = new Int32Array(1);
// What is read from a descriptor means nothing.
const ignored = Buffer.alloc(64);

/**
 * What there is of a stream behind its `EventStream`, which it does not know unless somebody waits:
 * so a stream that was forgotten can be collected, and then ends this.
 */
class Flow {
  #handle;
  #socket = null;
  #waiter = null;
  #signal;
  #failure = null;
  #started = false;

  constructor(handle, signal) {
    this.#handle = handle;
    this.#signal = signal;
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener('abort', this.#abort);
  }

  /** Whether the next event may be taken in this turn. */
  mayTake() {
    if (this.#started) return mayTake();
    return (this.#started = mayTake(START));
  }

  /** The waiting `next`, if there is one. */
  get waiting() {
    return this.#waiter?.promise ?? null;
  }

  /** The next event if it has arrived; undefined where there is none yet. */
  take() {
    if (this.#handle === null) {
      const failure = this.#failure;
      this.#failure = null;
      if (failure !== null) throw failure.reason;
      return OVER;
    }
    const status = abi.streamTryNext(this.#handle, eventPlace, abi.errorPlace);
    if (status === abi.OK) return this.#deliver(takeEvent(eventPlace[0]));
    if (status === abi.PENDING) {
      this.#watch();
      return undefined;
    }
    this.close();
    abi.check(status);
    return OVER;
  }

  #deliver(event) {
    if (event.type === 'error') {
      this.close();
      throw new OutcropError(event.error);
    }
    if (event.type === 'done') this.close();
    return { value: event, done: false };
  }

  /** What `take` gives, once there is something. Meanwhile the process stays, and so does `stream`. */
  wait(stream) {
    const waiter = { stream };
    waiter.promise = new Promise((resolve, reject) => {
      waiter.resolve = resolve;
      waiter.reject = reject;
    });
    this.#waiter = waiter;
    this.#socket?.ref();
    return waiter.promise;
  }

  /** Gives to whoever waits what has arrived, in this turn or the next. */
  serve = () => {
    if (this.#waiter === null) return;
    if (this.mayTake()) this.#serveNow();
    else nextTurn(this.serve);
  };

  #serveNow() {
    const waiter = this.#waiter;
    if (waiter === null) return;
    // Taken away first: what closes the flow serves whoever waits.
    this.#waiter = null;
    try {
      const result = this.take();
      if (result === undefined) {
        this.#waiter = waiter;
        this.#socket.ref();
      } else {
        this.#socket?.unref();
        waiter.resolve(result);
      }
    } catch (error) {
      waiter.reject(error);
    }
  }

  /** Has `serve` called when there may be more. */
  #watch() {
    if (this.#socket !== null) return;
    abi.check(abi.streamDescriptor(this.#handle, descriptorPlace, abi.errorPlace));
    const callback = () => {
      this.serve();
      return true;
    };
    this.#socket = new Socket({ fd: descriptorPlace[0], writable: false, onread: { buffer: ignored, callback } });
    this.#socket.on('error', this.serve);
    this.#socket.unref();
  }

  /** Ends the stream at once: its connection is closed. */
  #abort = () => {
    this.#failure = { reason: this.#signal.reason };
    this.close();
  };

  /** Frees the stream. One that has not ended is cancelled, and whoever waits is told. */
  close() {
    if (this.#handle === null) return;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#socket?.destroy();
    abi.streamFree(this.#handle);
    this.#handle = null;
    this.#serveNow();
  }
}

// Streams that nobody holds any more.
const forgotten = new FinalizationRegistry((flow) => flow.close());

/** The events of an answer, as an async iterator. */
export class EventStream {
  #flow;
  // A host that nobody else holds must not be collected before its streams.
  #host;

  constructor(handle, host, signal) {
    this.#flow = new Flow(handle, signal);
    this.#host = host;
    forgotten.register(this, this.#flow);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    const flow = this.#flow;
    const waiting = flow.waiting;
    if (waiting !== null) {
      const after = () => this.next();
      return waiting.then(after, after);
    }
    if (!flow.mayTake()) {
      nextTurn(flow.serve);
      return flow.wait(this);
    }
    try {
      const result = flow.take();
      return result === undefined ? flow.wait(this) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return(value) {
    this.cancel();
    return Promise.resolve({ value, done: true });
  }

  cancel() {
    this.#flow.close();
  }

  [Symbol.dispose]() {
    this.cancel();
  }

  async [Symbol.asyncDispose]() {
    this.cancel();
  }
}
