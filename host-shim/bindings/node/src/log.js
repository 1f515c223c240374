// The library calls for its log on any thread, and holds a lock meanwhile that this one may come to wait for. So the
// lines are taken by a thread that never waits for anything, which posts them here.

import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads';
import { OutcropError } from './error.js';

/** By `outcrop_log_level`. */
export const LEVELS = [undefined, 'error', 'warn', 'info', 'debug', 'trace'];

const START_MS = 30_000;

/** The log of a host: where the library is to call, and what is told of it. */
export class Log {
  #worker;
  #port;
  #write;
  address;

  constructor(write) {
    this.#write = write;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const address = new BigInt64Array(new SharedArrayBuffer(8));
    this.#worker = new Worker(new URL('./log-worker.js', import.meta.url), {
      workerData: { address, port: port2 },
      transferList: [port2],
      // Not the loaders and preloads of this thread.
      execArgv: [],
    });
    if (Atomics.wait(address, 0, 0n, START_MS) === 'timed-out') {
      this.#worker.terminate();
      throw new OutcropError({ class: 'internal', message: 'the thread that takes the log did not start' });
    }
    this.address = address[0];
    port1.on('message', this.#tell);
    port1.unref();
    this.#worker.unref();
  }

  #tell = ([level, target, text]) => this.#write({ level: LEVELS[level] ?? 'trace', target, text });

  /** Tells what is left. The library calls no more. */
  close() {
    this.#port.off('message', this.#tell);
    for (let left; (left = receiveMessageOnPort(this.#port)) !== undefined; ) this.#tell(left.message);
    this.#port.close();
    this.#worker.terminate();
  }
}
