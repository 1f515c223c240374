package outcrop;

/** The functions of outcrop.h, in outcrop_jni.c. Handles are numbers. Text crosses as UTF-8, since JNI's own strings are not. */
final class Native {
    static {
        System.loadLibrary("outcrop_jni");
    }

    private Native() {}

    static native long optionsNew();

    static native void optionsSetText(long options, byte[] name, byte[] value) throws OutcropException;

    static native void optionsSetNumber(long options, byte[] name, long value) throws OutcropException;

    static native void optionsFree(long options);

    static native long hostNew(long options) throws OutcropException;

    static native byte[][] hostModels(long host, long timeoutMillis) throws OutcropException;

    static native long hostStartStream(long host, byte[] request) throws OutcropException;

    static native void hostFree(long host);

    /** The next event, to be freed; 0 at the end. A failed answer is thrown. */
    static native long streamNext(long stream) throws OutcropException;

    static native long streamCancelToken(long stream) throws OutcropException;

    static native void streamFree(long stream);

    static native void tokenCancel(long token);

    static native void tokenFree(long token);

    static native int eventKind(long event);

    static native byte[] eventDelta(long event);

    static native byte[] eventJson(long event);

    static native void eventFree(long event);
}
