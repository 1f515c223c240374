// The C ABI (outcrop.h) as functions, and the two things that every user of it needs: text and errors.
//
// Handles are numbers that the library looks up, too long for a double: they are BigInts here. Places for results
// are typed arrays of this module; a call that another thread works on brings its own.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { OutcropError } from './error.js';

const ABI_VERSION = 1;

export const OK = 0;
export const END = 1;
export const PENDING = 2;

// koffi gives asynchronous calls 128 kB of stack, on which a listing's TLS handshake does not fit. The size can be set
// until a library is loaded; where somebody else has loaded one before, `hasRoom` says so.
const STACK_BYTES = 2 << 20;
try {
  koffi.config({ async_stack_size: STACK_BYTES });
} catch {
  // Looked at below.
}
export const hasRoom = koffi.config().async_stack_size >= STACK_BYTES;

/** The file of the library: of this platform and in this package, where no other is named. */
export const libraryFile = find();

function find() {
  const named = process.env.OUTCROP_LIBRARY;
  if (named) return named;
  const platform = `${process.platform}-${process.arch}`;
  const ending = process.platform === 'darwin' ? 'dylib' : 'so';
  const file = fileURLToPath(new URL(`../native/${platform}/liboutcrop.${ending}`, import.meta.url));
  if (existsSync(file)) return file;
  throw new OutcropError({
    class: 'unsupported',
    message: `this package of outcrop carries no library for ${platform}`,
    remedy: 'build one with `make node`, or name a liboutcrop in OUTCROP_LIBRARY',
  });
}

const library = koffi.load(libraryFile);
const handle = 'uint64_t';
const place = 'void *';
const text = koffi.struct({ data: 'uintptr_t', len: 'size_t' });
const bytes = 'const uint8_t *';
const declare = (name, result, ...parameters) => library.func(`outcrop_${name}`, result, parameters);

const abiVersion = declare('abi_version', 'uint32_t');
if (abiVersion() < ABI_VERSION) {
  throw new OutcropError({
    class: 'unsupported',
    message: `${libraryFile} speaks version ${abiVersion()} of the C ABI; this package needs ${ABI_VERSION}`,
  });
}
export const versionString = declare('version_string', 'str');

export const errorStatus = declare('error_status', 'int', handle);
const errorMessage = declare('error_message', text, handle);
const errorRemedy = declare('error_remedy', text, handle);
const errorProviderCode = declare('error_provider_code', text, handle);
const errorRequestId = declare('error_request_id', text, handle);
const errorHttpStatus = declare('error_http_status', 'uint16_t', handle);
const errorRetryAfterMs = declare('error_retry_after_ms', 'int64_t', handle);
const errorDelivered = declare('error_delivered', 'bool', handle);
const errorRetryable = declare('error_retryable', 'bool', handle);
const errorFree = declare('error_free', 'void', handle);

export const eventKind = declare('event_get_kind', 'int', handle);
export const eventIndex = declare('event_index', 'int64_t', handle);
export const eventDelta = declare('event_delta', text, handle);
export const eventJson = declare('event_json', text, handle);
export const eventFree = declare('event_free', 'void', handle);

export const optionsNew = declare('options_new', handle);
export const optionsSetText = declare('options_set_text', 'int', handle, bytes, 'size_t', bytes, 'size_t', place);
export const optionsSetNumber = declare('options_set_number', 'int', handle, bytes, 'size_t', 'uint64_t', place);
export const optionsSetLog = declare('options_set_log', 'int', handle, 'uint32_t', place, place, place);
export const optionsFree = declare('options_free', 'void', handle);

export const hostNew = declare('host_new', 'int', handle, place, place);
export const hostListModels = declare('host_list_models', 'int', handle, 'int64_t', place, place);
export const hostReloadPlugins = declare('host_reload_plugins', 'int', handle, place);
export const hostStartStream = declare('host_start_stream', 'int', handle, bytes, 'size_t', place, place);
export const hostFree = declare('host_free', 'void', handle);

export const modelsCount = declare('models_count', 'size_t', handle);
export const modelsJson = declare('models_json', text, handle, 'size_t');
export const modelsProblemCount = declare('models_problem_count', 'size_t', handle);
export const modelsProblemJson = declare('models_problem_json', text, handle, 'size_t');
export const modelsFree = declare('models_free', 'void', handle);

export const streamTryNext = declare('stream_try_next', 'int', handle, place, place);
export const streamDescriptor = declare('stream_descriptor', 'int', handle, place, place);
export const streamCancel = declare('stream_cancel', 'int', handle, place);
export const streamFree = declare('stream_free', 'void', handle);

/** Takes a line of the log: `outcrop_log_callback`. */
export const logCallback = koffi.proto('void', [place, 'int', 'uintptr_t', 'size_t', 'uintptr_t', 'size_t']);

/** Where a handle is stored. */
export const newPlace = () => new BigUint64Array(1);

/** Where the calls of this thread store their errors. */
export const errorPlace = newPlace();

/** The text of an `outcrop_str`; null where there is none. */
export const read = ({ data, len }) => (data === 0 ? null : koffi.decode.string(data, len));

/** Throws the error that a call has stored, where its status is one. */
export function check(status, place = errorPlace) {
  if (status <= PENDING) return status;
  throw takeError(place);
}

/** The error that a call has stored, freed. */
export function takeError(place) {
  const error = place[0];
  try {
    return new OutcropError({
      status: errorStatus(error),
      message: read(errorMessage(error)) ?? 'the library gave no reason',
      remedy: read(errorRemedy(error)),
      providerCode: read(errorProviderCode(error)),
      httpStatus: errorHttpStatus(error) || null,
      requestId: read(errorRequestId(error)),
      retryAfterMs: atLeastZero(errorRetryAfterMs(error)),
      delivered: errorDelivered(error),
      retryable: errorRetryable(error),
    });
  } finally {
    errorFree(error);
  }
}

const atLeastZero = (number) => (number < 0 ? null : number);
