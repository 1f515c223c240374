// Lets the event loop breathe. Events that have arrived are taken without leaving the consumer's microtasks; a source
// that is faster than its consumer would keep timers and other sockets waiting for ever. So only so many are taken in
// one turn of the loop, by all streams of the thread together, and the others wait for the next turn in their order.

/** A turn costs a microsecond or two, an event about as much: this many are well below a millisecond. */
const EVENTS_PER_TURN = 128;

let left = EVENTS_PER_TURN;
let waiting = [];
let scheduled = false;

function turn() {
  scheduled = false;
  left = EVENTS_PER_TURN;
  const due = waiting;
  waiting = [];
  for (const serve of due) serve();
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  setImmediate(turn);
}

/** The first event of a stream: its request is worked on and sent. */
export const START = 64;

/** Whether one more thing may be done in this turn that takes as long as so many events. */
export function mayTake(events = 1) {
  if (left <= 0) return false;
  left -= events;
  // The turn's end is asked for when it may come to matter: that costs as much as an event itself.
  if (left < EVENTS_PER_TURN / 2) schedule();
  return true;
}

/** Calls `serve` in the next turn. */
export function nextTurn(serve) {
  waiting.push(serve);
}
