package outcrop;

/**
 * One step of an answer.
 *
 * @param kind what it is: one of the constants, or another {@code outcrop_event_kind}
 * @param delta what is new in a delta of text, reasoning or arguments; empty in other events
 * @param json all of it
 */
public record Event(int kind, String delta, String json) {
    public static final int TEXT_DELTA = 3;
    public static final int THINKING_DELTA = 6;
    public static final int TOOLCALL_END = 10;
    public static final int DONE = 17;
}
