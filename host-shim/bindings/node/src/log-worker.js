// The thread that takes a host's log: log.js.

import { workerData } from 'node:worker_threads';
import koffi from 'koffi';
import { logCallback } from './abi.js';

const { address, port } = workerData;
const text = (data, length) => (length === 0 ? '' : koffi.decode.string(data, length));

const callback = koffi.register((_, level, target, targetLength, line, lineLength) => {
  port.postMessage([level, text(target, targetLength), text(line, lineLength)]);
}, koffi.pointer(logCallback));

// Keeps the thread.
port.on('message', () => {});
Atomics.store(address, 0, koffi.address(callback));
Atomics.notify(address, 0);
