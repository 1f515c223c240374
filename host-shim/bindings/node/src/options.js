import * as abi from './abi.js';
import { OutcropError } from './error.js';
import { LEVELS } from './log.js';

/** `cacheFolder` is `cache_folder` to the library; `config` may be text or an object. */
const nameOf = (key) =>
  key === 'config' ? 'config_text' : key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const bad = (message) => new OutcropError({ class: 'invalid-argument', message });

/**
 * The library's options, to be freed by the caller. Their names and what they take are judged by the library.
 * `log` is where lines go: an address, or null.
 */
export function nativeOptions({ log: _, logLevel = 'info', ...options }, log) {
  const handle = abi.optionsNew();
  try {
    for (const [key, value] of Object.entries(options)) {
      if (value !== undefined && value !== null) set(handle, key, value);
    }
    if (log !== null) {
      const level = LEVELS.indexOf(logLevel);
      if (level < 1) throw bad(`logLevel: "${logLevel}" is none of ${LEVELS.slice(1).join(', ')}`);
      abi.check(abi.optionsSetLog(handle, level, log, null, abi.errorPlace));
    }
    return handle;
  } catch (error) {
    abi.optionsFree(handle);
    throw error;
  }
}

function set(options, key, value) {
  const name = Buffer.from(nameOf(key));
  switch (typeof value) {
    case 'boolean':
      return set(options, key, value ? 1 : 0);
    case 'number':
      if (!Number.isSafeInteger(value) || value < 0) throw bad(`${key}: ${value} is not a whole number from 0`);
      return abi.check(abi.optionsSetNumber(options, name, name.length, value, abi.errorPlace));
    case 'string':
    case 'object': {
      const text = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
      return abi.check(abi.optionsSetText(options, name, name.length, text, text.length, abi.errorPlace));
    }
    default:
      throw bad(`${key}: a ${typeof value} is no value of an option`);
  }
}
