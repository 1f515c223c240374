package outcrop;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A loaded plugin with its connections and caches. Safe from any thread. */
public final class Host implements AutoCloseable {
    private final long handle;

    public Host() throws OutcropException {
        this(Map.of());
    }

    /** With options: values are text or numbers, names those of {@code outcrop_options_set_text} and {@code _number}. */
    public Host(Map<String, ?> settings) throws OutcropException {
        long options = Native.optionsNew();
        try {
            // The virtual machine has handlers of its own for these signals, and is left alone with them.
            Native.optionsSetNumber(options, "signal_handlers".getBytes(UTF_8), 0);
            for (Map.Entry<String, ?> setting : settings.entrySet()) {
                byte[] name = setting.getKey().getBytes(UTF_8);
                if (setting.getValue() instanceof Number number) {
                    Native.optionsSetNumber(options, name, number.longValue());
                } else {
                    Native.optionsSetText(options, name, setting.getValue().toString().getBytes(UTF_8));
                }
            }
            handle = Native.hostNew(options);
        } finally {
            Native.optionsFree(options);
        }
    }

    /** The ids of the models on offer. */
    public List<String> models() throws OutcropException {
        List<String> ids = new ArrayList<>();
        for (byte[] id : Native.hostModels(handle, -1)) {
            ids.add(new String(id, UTF_8));
        }
        return ids;
    }

    /** Starts an answer. The request is the JSON of docs/request.md. */
    public Stream stream(String request) throws OutcropException {
        return new Stream(Native.hostStartStream(handle, request.getBytes(UTF_8)));
    }

    /** Ends the host and its streams. */
    @Override
    public void close() {
        Native.hostFree(handle);
    }
}
