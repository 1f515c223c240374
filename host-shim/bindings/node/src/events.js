import * as abi from './abi.js';

/** The events that a stream consists of, by `outcrop_event_kind`: read without their JSON. */
const DELTAS = new Map([
  [3, 'text_delta'],
  [6, 'thinking_delta'],
  [9, 'toolcall_delta'],
]);

/** The event behind a handle, freed. */
export function takeEvent(handle) {
  try {
    const type = DELTAS.get(abi.eventKind(handle));
    if (type === undefined) return JSON.parse(abi.read(abi.eventJson(handle)));
    return { type, contentIndex: Number(abi.eventIndex(handle)), delta: abi.read(abi.eventDelta(handle)) ?? '' };
  } finally {
    abi.eventFree(handle);
  }
}
