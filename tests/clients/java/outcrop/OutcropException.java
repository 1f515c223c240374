package outcrop;

import static java.nio.charset.StandardCharsets.UTF_8;

/** Why a call or an answer failed. */
public final class OutcropException extends Exception {
    private static final long serialVersionUID = 1;

    /** An {@code outcrop_status}: from 10 on faults of the call, from 101 on the classes of docs/request.md. */
    public final int status;
    /** What a person can do about it; empty where that is not known. */
    public final String remedy;
    /** The provider's own code, such as ThrottlingException; empty where there is none. */
    public final String providerCode;
    /** 0 where there was no HTTP answer. */
    public final int httpStatus;
    /** Negative where the provider does not say. */
    public final long retryAfterMillis;
    /** Whether any part of the answer had been handed over. */
    public final boolean delivered;
    /** Whether the same request can simply be sent again. */
    public final boolean retryable;

    /** Called by outcrop_jni.c. */
    OutcropException(
            int status,
            byte[] message,
            byte[] remedy,
            byte[] providerCode,
            int httpStatus,
            long retryAfterMillis,
            boolean delivered,
            boolean retryable) {
        super(new String(message, UTF_8));
        this.status = status;
        this.remedy = new String(remedy, UTF_8);
        this.providerCode = new String(providerCode, UTF_8);
        this.httpStatus = httpStatus;
        this.retryAfterMillis = retryAfterMillis;
        this.delivered = delivered;
        this.retryable = retryable;
    }
}
