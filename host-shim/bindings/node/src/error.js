/** The number of each class: `outcrop_status` of outcrop.h. */
const STATUS = {
  'invalid-argument': 10,
  'invalid-handle': 11,
  panic: 12,
  forked: 13,
  'shut-down': 14,
  reentered: 15,
  busy: 16,
  'invalid-request': 101,
  unauthenticated: 102,
  'permission-denied': 103,
  'model-not-found': 104,
  'model-not-ready': 105,
  'context-too-long': 106,
  'rate-limited': 107,
  'quota-exceeded': 108,
  'content-filtered': 109,
  overloaded: 110,
  timeout: 111,
  cancelled: 112,
  network: 113,
  truncated: 114,
  unsupported: 115,
  internal: 116,
  other: 117,
};
const CLASS = new Map(Object.entries(STATUS).map(([name, number]) => [number, name]));

/** Why a call or an answer failed. */
export class OutcropError extends Error {
  /** Of an error as docs/request.md has it, or with a `status` in place of the class. */
  constructor({ message, class: name, status, ...rest }) {
    super(message);
    this.class = name ?? CLASS.get(status) ?? 'other';
    this.status = status ?? STATUS[this.class] ?? STATUS.other;
    this.remedy = rest.remedy ?? null;
    this.providerCode = rest.providerCode ?? null;
    this.httpStatus = rest.httpStatus ?? null;
    this.requestId = rest.requestId ?? null;
    this.retryAfterMs = rest.retryAfterMs ?? null;
    this.delivered = rest.delivered ?? false;
    this.retryable = rest.retryable ?? false;
    if (rest.details) this.details = rest.details;
  }
}
OutcropError.prototype.name = 'OutcropError';
