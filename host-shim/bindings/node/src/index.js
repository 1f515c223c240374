import { versionString } from './abi.js';

export { OutcropError } from './error.js';
export { Host } from './host.js';
export { EventStream } from './stream.js';

/** The version of the library. */
export const version = versionString();
