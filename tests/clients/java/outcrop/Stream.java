package outcrop;

import static java.nio.charset.StandardCharsets.UTF_8;

/** One answer being streamed. Read by one thread at a time; cancelled by any. */
public final class Stream implements AutoCloseable {
    private final long handle;
    private final long token;

    Stream(long handle) throws OutcropException {
        this.handle = handle;
        try {
            this.token = Native.streamCancelToken(handle);
        } catch (OutcropException failure) {
            Native.streamFree(handle);
            throw failure;
        }
    }

    /** Waits for the next event; null after a complete answer. */
    public Event next() throws OutcropException {
        long event = Native.streamNext(handle);
        if (event == 0) {
            return null;
        }
        try {
            return new Event(
                    Native.eventKind(event),
                    new String(Native.eventDelta(event), UTF_8),
                    new String(Native.eventJson(event), UTF_8));
        } finally {
            Native.eventFree(event);
        }
    }

    /** Ends the answer, from any thread and at any time: {@link #next} then fails at once with the status 112. */
    public void cancel() {
        Native.tokenCancel(token);
    }

    @Override
    public void close() {
        Native.streamFree(handle);
        Native.tokenFree(token);
    }
}
