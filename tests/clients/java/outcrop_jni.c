/* The glue between Native.java and liboutcrop: numbers for handles, byte arrays for text, exceptions for errors. */
#include <jni.h>
#include <outcrop.h>

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_outcrop_Native_##name
#define HANDLE(type, number) ((outcrop_##type *)(uintptr_t)(number))
#define NUMBER(handle) ((jlong)(uintptr_t)(handle))

static jbyteArray bytes(JNIEnv *env, outcrop_str text) {
    jbyteArray array = (*env)->NewByteArray(env, (jsize)text.len);
    if (array != NULL && text.len > 0)
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)text.len, (const jbyte *)text.data);
    return array;
}

/* Throws an OutcropException and frees the error. */
static void raise(JNIEnv *env, outcrop_error *error) {
    jclass class = (*env)->FindClass(env, "outcrop/OutcropException");
    jmethodID make = class == NULL ? NULL : (*env)->GetMethodID(env, class, "<init>", "(I[B[B[BIJZZ)V");
    jobject exception = NULL;
    if (make != NULL)
        exception = (*env)->NewObject(
            env, class, make, (jint)outcrop_error_status(error), bytes(env, outcrop_error_message(error)),
            bytes(env, outcrop_error_remedy(error)), bytes(env, outcrop_error_provider_code(error)),
            (jint)outcrop_error_http_status(error), (jlong)outcrop_error_retry_after_ms(error),
            (jboolean)outcrop_error_delivered(error), (jboolean)outcrop_error_retryable(error));
    if (exception != NULL) (*env)->Throw(env, exception);
    outcrop_error_free(error);
}

/* Statuses below OUTCROP_INVALID_ARGUMENT are no errors. */
static bool failed(JNIEnv *env, outcrop_status status, outcrop_error **error) {
    if (status < OUTCROP_INVALID_ARGUMENT) return false;
    raise(env, *error);
    return true;
}

/* Text of Java's for the length of a call. */
struct text {
    jbyteArray array;
    jbyte *data;
    size_t len;
};

static struct text borrow(JNIEnv *env, jbyteArray array) {
    struct text text = {array, (*env)->GetByteArrayElements(env, array, NULL), 0};
    if (text.data != NULL) text.len = (size_t)(*env)->GetArrayLength(env, array);
    return text;
}

static void give_back(JNIEnv *env, struct text text) {
    if (text.data != NULL) (*env)->ReleaseByteArrayElements(env, text.array, text.data, JNI_ABORT);
}

NATIVE(jlong, optionsNew)(JNIEnv *env, jclass class) {
    (void)env, (void)class;
    return NUMBER(outcrop_options_new());
}

NATIVE(void, optionsSetText)(JNIEnv *env, jclass class, jlong options, jbyteArray name, jbyteArray value) {
    outcrop_error *error = NULL;
    struct text n = borrow(env, name), v = borrow(env, value);
    outcrop_status status = outcrop_options_set_text(HANDLE(options, options), (char *)n.data, n.len,
                                                     (char *)v.data, v.len, &error);
    (void)class;
    give_back(env, n);
    give_back(env, v);
    failed(env, status, &error);
}

NATIVE(void, optionsSetNumber)(JNIEnv *env, jclass class, jlong options, jbyteArray name, jlong value) {
    outcrop_error *error = NULL;
    struct text n = borrow(env, name);
    outcrop_status status = outcrop_options_set_number(HANDLE(options, options), (char *)n.data, n.len,
                                                       (uint64_t)value, &error);
    (void)class;
    give_back(env, n);
    failed(env, status, &error);
}

NATIVE(void, optionsFree)(JNIEnv *env, jclass class, jlong options) {
    (void)env, (void)class;
    outcrop_options_free(HANDLE(options, options));
}

NATIVE(jlong, hostNew)(JNIEnv *env, jclass class, jlong options) {
    outcrop_host *host = NULL;
    outcrop_error *error = NULL;
    (void)class;
    failed(env, outcrop_host_new(HANDLE(options, options), &host, &error), &error);
    return NUMBER(host);
}

NATIVE(jobjectArray, hostModels)(JNIEnv *env, jclass class, jlong host, jlong timeout_ms) {
    outcrop_models *models = NULL;
    outcrop_error *error = NULL;
    jclass element = (*env)->FindClass(env, "[B");
    (void)class;
    if (failed(env, outcrop_host_list_models(HANDLE(host, host), timeout_ms, &models, &error), &error))
        return NULL;
    jsize count = (jsize)outcrop_models_count(models);
    jobjectArray ids = (*env)->NewObjectArray(env, count, element, NULL);
    for (jsize i = 0; ids != NULL && i < count; i++) {
        jbyteArray id = bytes(env, outcrop_models_id(models, (size_t)i));
        if (id == NULL) break;
        (*env)->SetObjectArrayElement(env, ids, i, id);
        (*env)->DeleteLocalRef(env, id);
    }
    outcrop_models_free(models);
    return ids;
}

NATIVE(jlong, hostStartStream)(JNIEnv *env, jclass class, jlong host, jbyteArray request) {
    outcrop_stream *stream = NULL;
    outcrop_error *error = NULL;
    struct text text = borrow(env, request);
    outcrop_status status =
        outcrop_host_start_stream(HANDLE(host, host), (char *)text.data, text.len, &stream, &error);
    (void)class;
    give_back(env, text);
    failed(env, status, &error);
    return NUMBER(stream);
}

NATIVE(void, hostFree)(JNIEnv *env, jclass class, jlong host) {
    (void)env, (void)class;
    outcrop_host_free(HANDLE(host, host));
}

NATIVE(jlong, streamNext)(JNIEnv *env, jclass class, jlong stream) {
    outcrop_event *event = NULL;
    outcrop_error *error = NULL;
    (void)class;
    if (failed(env, outcrop_stream_next(HANDLE(stream, stream), -1, &event, &error), &error)) return 0;
    error = outcrop_event_error(event);
    if (error != NULL) {
        outcrop_event_free(event);
        raise(env, error);
        return 0;
    }
    return NUMBER(event);
}

NATIVE(jlong, streamCancelToken)(JNIEnv *env, jclass class, jlong stream) {
    outcrop_cancel_token *token = NULL;
    outcrop_error *error = NULL;
    (void)class;
    failed(env, outcrop_stream_cancel_token(HANDLE(stream, stream), &token, &error), &error);
    return NUMBER(token);
}

NATIVE(void, streamFree)(JNIEnv *env, jclass class, jlong stream) {
    (void)env, (void)class;
    outcrop_stream_free(HANDLE(stream, stream));
}

NATIVE(void, tokenCancel)(JNIEnv *env, jclass class, jlong token) {
    (void)env, (void)class;
    outcrop_cancel_token_cancel(HANDLE(cancel_token, token));
}

NATIVE(void, tokenFree)(JNIEnv *env, jclass class, jlong token) {
    (void)env, (void)class;
    outcrop_cancel_token_free(HANDLE(cancel_token, token));
}

NATIVE(jint, eventKind)(JNIEnv *env, jclass class, jlong event) {
    (void)env, (void)class;
    return (jint)outcrop_event_get_kind(HANDLE(event, event));
}

NATIVE(jbyteArray, eventDelta)(JNIEnv *env, jclass class, jlong event) {
    (void)class;
    return bytes(env, outcrop_event_delta(HANDLE(event, event)));
}

NATIVE(jbyteArray, eventJson)(JNIEnv *env, jclass class, jlong event) {
    (void)class;
    return bytes(env, outcrop_event_json(HANDLE(event, event)));
}

NATIVE(void, eventFree)(JNIEnv *env, jclass class, jlong event) {
    (void)env, (void)class;
    outcrop_event_free(HANDLE(event, event));
}
