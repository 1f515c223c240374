import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OutcropError } from 'outcrop';
import { ask, failure, newHost, stop } from './setting.mjs';

const host = newHost({ attempts: 1 });
after(() => {
  host.close();
  stop();
});

/** What the simulator is told to do, and the class and more of what comes of it. */
const CASES = [
  ['validation', 'invalid-request', { status: 101, httpStatus: 400, providerCode: 'ValidationException' }],
  ['expired-token', 'unauthenticated', { status: 102, httpStatus: 403, providerCode: 'ExpiredTokenException' }],
  ['access-denied', 'permission-denied', { status: 103, httpStatus: 403 }],
  ['resource-not-found', 'model-not-found', { status: 104, httpStatus: 404 }],
  ['model-not-ready', 'model-not-ready', { status: 105 }],
  ['context-overflow', 'context-too-long', { status: 106, retryable: false }],
  ['throttling retry-after=7', 'rate-limited', { status: 107, httpStatus: 429, retryAfterMs: 7000, retryable: true }],
  ['service-quota', 'quota-exceeded', { status: 108 }],
  ['service-unavailable', 'overloaded', { status: 110, httpStatus: 503 }],
  ['model-timeout', 'timeout', { status: 111 }],
  ['reset', 'truncated', { status: 114, delivered: true, retryable: false }],
  ['early-end', 'truncated', { status: 114, delivered: true }],
  ['internal-server', 'internal', { status: 116, httpStatus: 500 }],
  ['exception-throttling', 'rate-limited', { delivered: true, retryable: false }],
];

for (const [scenario, name, expected] of CASES) {
  test(`sim:${scenario} is ${name}`, async () => {
    const { error, events } = await failure(host.stream(ask(`sim:${scenario}`)));
    assert(error instanceof OutcropError);
    assert.equal(error.name, 'OutcropError');
    assert.equal(error.class, name);
    const told = Object.fromEntries(Object.keys(expected).map((key) => [key, error[key]]));
    assert.deepEqual(told, expected);
    assert(error.message.length > 0);
    assert.equal(error.delivered, events.some(({ type }) => type === 'text_delta'));
    if (error.httpStatus !== null) assert.match(error.requestId, /^5e51a7ed-/);
  });
}

test('where nobody listens is network', async () => {
  const nowhere = newHost({ endpoint: 'http://127.0.0.1:1', attempts: 1 });
  const { error } = await failure(nowhere.stream(ask('x')));
  nowhere.close();
  assert.deepEqual([error.class, error.status, error.delivered, error.httpStatus], ['network', 113, false, null]);
});

test('a limit of time is an error of its own', async () => {
  const request = ask('sim:silence', { timeouts: { silenceMs: 50 } });
  const { error } = await failure(host.stream(request));
  assert.deepEqual([error.class, error.delivered], ['timeout', true]);
});

test('a failed answer is over', async () => {
  const stream = host.stream(ask('sim:validation'));
  await assert.rejects(stream.next(), OutcropError);
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test('what a person can do is told', async () => {
  const { error } = await failure(host.stream(ask('sim:expired-token')));
  assert.match(error.remedy, /session token/);
});

test('a listing that is refused tells why', async () => {
  const stranger = newHost({ accessKeyId: 'AKIDNOBODY' });
  const told = await stranger.models().then(({ models, problems }) => ({ models, why: problems[0] }), (why) => ({ models: [], why }));
  stranger.close();
  assert.deepEqual(told.models, []);
  assert(told.why instanceof OutcropError);
  assert.equal(told.why.class, 'unauthenticated');
});
