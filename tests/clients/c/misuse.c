/* Everything that a program can do wrong and that can be caught is a status, and never a crash. Forks have a
 * program of their own, fork.c, and so has freeing a host that others wait for, freed.c. */
#include "check.h"

#include <stdint.h>
#include <unistd.h>

#define HUGE_LENGTH ((size_t)-1)
#define BAD "\xff\xfe"

/* Live handles for the callbacks to misuse. */
static outcrop_host *host;
static outcrop_stream *stream;
static outcrop_options *options;
static outcrop_cancel_token *token;
static int called, logged;

/* Every function that can fail is refused inside a callback; those that only look or free are not. */
static void misbehave(void) {
    outcrop_host *other_host = NULL;
    outcrop_stream *other = NULL;
    outcrop_models *models = NULL;
    outcrop_event *event = NULL;
    outcrop_cancel_token *other_token = NULL;
    outcrop_error *error = NULL;
    int descriptor = -1;
    CHECK_STATUS(outcrop_host_new(NULL, &other_host, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_host_list_models(host, 0, &models, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_host_start_stream(host, SILENT, strlen(SILENT), &other, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_stream_next(stream, -1, &event, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_stream_try_next(stream, &event, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_stream_descriptor(stream, &descriptor, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_stream_set_wakeup(stream, NULL, NULL, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_stream_cancel(stream, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_stream_cancel_token(stream, &other_token, NULL), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_REENTERED);
    CHECK_STATUS(set_text(options, "region", "x"), OUTCROP_REENTERED);
    CHECK_STATUS(set_number(options, "attempts", 1), OUTCROP_REENTERED);
    CHECK_STATUS(outcrop_options_set_log(options, OUTCROP_LOG_INFO, NULL, NULL, &error), OUTCROP_REENTERED);
    CHECK(outcrop_error_status(error) == OUTCROP_REENTERED);
    CHECK(outcrop_error_message(error).len > 0);
    outcrop_error_free(error);
#if OUTCROP_ABI_VERSION >= 2
    CHECK_STATUS(outcrop_host_reload_plugins(host, NULL), OUTCROP_REENTERED);
#endif
    outcrop_options_free(outcrop_options_new());
}

static void wake_up(void *user_data) {
    CHECK(user_data == &called);
    called++;
    misbehave();
}

static void log_line(void *user_data, outcrop_log_level level, const char *target, size_t target_len,
                     const char *line, size_t line_len) {
    CHECK(user_data == &logged && level >= OUTCROP_LOG_ERROR && level <= OUTCROP_LOG_TRACE);
    CHECK(target != NULL && target_len > 0 && line != NULL && line_len > 0);
    if (logged++ == 0) misbehave();
}

/* The last thing that a callback should do, and yet. */
static void free_all(void *user_data) {
    (void)user_data;
    called++;
    outcrop_stream_free(stream);
    outcrop_host_free(host);
}

static void nulls(void) {
    outcrop_models *models = NULL;
    outcrop_event *event = NULL;
    outcrop_error *error = NULL;
    int descriptor = 7;

    outcrop_host_free(NULL);
    outcrop_stream_free(NULL);
    outcrop_event_free(NULL);
    outcrop_error_free(NULL);
    outcrop_models_free(NULL);
    outcrop_options_free(NULL);
    outcrop_cancel_token_free(NULL);

    CHECK_STATUS(outcrop_host_new(options, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_host_list_models(NULL, 0, &models, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_host_list_models(host, 0, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_host_start_stream(NULL, SILENT, strlen(SILENT), &stream, NULL),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_host_start_stream(host, NULL, 5, &stream, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_host_start_stream(host, SILENT, strlen(SILENT), NULL, NULL),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_next(NULL, 0, &event, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_next(stream, 0, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_try_next(NULL, &event, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_try_next(stream, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_descriptor(NULL, &descriptor, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_descriptor(stream, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_set_wakeup(NULL, NULL, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_cancel(NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_cancel_token(NULL, &token, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_stream_cancel_token(stream, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_cancel_token_cancel(NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_text(NULL, "region", 6, "x", 1, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_text(options, NULL, 6, "x", 1, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_text(options, "region", 6, NULL, 2, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_number(NULL, "attempts", 8, 1, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_number(options, NULL, 8, 1, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_log(NULL, OUTCROP_LOG_INFO, NULL, NULL, &error),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_error_status(error) == OUTCROP_INVALID_ARGUMENT);
    outcrop_error_free(error);
#if OUTCROP_ABI_VERSION >= 2
    CHECK_STATUS(outcrop_host_reload_plugins(NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_event_error(NULL) == NULL);
#endif
    /* What a function gives is stored only where it succeeds. */
    CHECK(models == NULL && event == NULL && descriptor == 7);

    CHECK(outcrop_event_get_kind(NULL) == OUTCROP_EVENT_NONE && outcrop_event_index(NULL) == -1);
    CHECK(outcrop_event_delta(NULL).data == NULL && outcrop_event_json(NULL).data == NULL);
    CHECK(!outcrop_event_is_terminal(NULL) && outcrop_event_status(NULL) == OUTCROP_INVALID_HANDLE);
    CHECK(outcrop_error_status(NULL) == OUTCROP_INVALID_HANDLE && outcrop_error_message(NULL).len == 0);
    CHECK(outcrop_error_remedy(NULL).data == NULL && outcrop_error_provider_code(NULL).data == NULL);
    CHECK(outcrop_error_request_id(NULL).data == NULL && outcrop_error_http_status(NULL) == 0);
    CHECK(outcrop_error_retry_after_ms(NULL) == -1 && !outcrop_error_delivered(NULL));
    CHECK(!outcrop_error_retryable(NULL));
    CHECK(outcrop_models_count(NULL) == 0 && outcrop_models_id(NULL, 0).data == NULL);
    CHECK(outcrop_models_json(NULL, 0).data == NULL && outcrop_models_problem_count(NULL) == 0);
    CHECK(outcrop_models_problem_json(NULL, 0).data == NULL);
}

/* Arguments that are there and wrong. */
static void wrong_arguments(void) {
    outcrop_error *error = NULL;
    outcrop_models *models = NULL;
    outcrop_event *crooked[2] = {NULL, NULL};

    CHECK_STATUS(outcrop_options_set_text(options, "colour", 6, "red", 3, &error),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK(error != NULL && outcrop_error_status(error) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_error_message(error).len > 0);
    outcrop_error_free(error);
    outcrop_error_free(error);
    CHECK(outcrop_error_message(error).data == NULL);
    error = NULL;

    CHECK_STATUS(set_text(options, "region", BAD), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(set_text(options, BAD, "x"), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(set_number(options, BAD, 1), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(set_number(options, "region", 1), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_text(options, "region", 6, "x", HUGE_LENGTH, NULL),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_text(options, "region", HUGE_LENGTH, "x", 1, NULL),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_number(options, "attempts", HUGE_LENGTH, 1, NULL),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(set_text(options, "settings", "{"), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(set_text(options, "settings", "[]"), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(set_text(options, "config_text", "{"), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_log(options, 77, NULL, NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_options_set_log(options, 0, NULL, NULL, NULL), OUTCROP_INVALID_ARGUMENT);

    CHECK_STATUS(outcrop_host_start_stream(host, "", 0, &stream, NULL), OUTCROP_INVALID_REQUEST);
    CHECK_STATUS(outcrop_host_start_stream(host, "{", 1, &stream, NULL), OUTCROP_INVALID_REQUEST);
    CHECK_STATUS(outcrop_host_start_stream(host, BAD, 2, &stream, NULL), OUTCROP_INVALID_REQUEST);
    CHECK_STATUS(outcrop_host_start_stream(host, SILENT, HUGE_LENGTH, &stream, NULL),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK_STATUS(outcrop_host_start_stream(host, "{\"messages\":7}", 14, &stream, &error),
                 OUTCROP_INVALID_REQUEST);
    outcrop_error_free(error);

    /* A place where no pointer can lie. */
    CHECK_STATUS(outcrop_stream_next(stream, 0, (outcrop_event **)(void *)((char *)crooked + 1), NULL),
                 OUTCROP_INVALID_ARGUMENT);
    CHECK(crooked[0] == NULL && crooked[1] == NULL);

    /* A listing that may not take any time, and what is past its end. */
    outcrop_status status = outcrop_host_list_models(host, 0, &models, NULL);
    CHECK(status == OUTCROP_TIMEOUT || status == OUTCROP_OK);
    if (status == OUTCROP_TIMEOUT) CHECK_STATUS(outcrop_host_list_models(host, -1, &models, NULL), OUTCROP_OK);
    size_t count = outcrop_models_count(models);
    CHECK(count > 0 && outcrop_models_id(models, count - 1).len > 0);
    CHECK(outcrop_models_id(models, count).data == NULL);
    CHECK(outcrop_models_json(models, SIZE_MAX).data == NULL);
    CHECK(outcrop_models_problem_json(models, SIZE_MAX).data == NULL);
    outcrop_models_free(models);
    outcrop_models_free(models);
    CHECK(outcrop_models_count(models) == 0);
}

/* Handles that are of another kind, or none. */
static void wrong_handles(void) {
    void *wrong[] = {(void *)0x1234, (void *)UINTPTR_MAX, (void *)1, options};
    outcrop_event *event = NULL;
    outcrop_host *other = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_STATUS(outcrop_stream_next(wrong[i], 0, &event, NULL), OUTCROP_INVALID_HANDLE);
        CHECK_STATUS(outcrop_stream_cancel(wrong[i], NULL), OUTCROP_INVALID_HANDLE);
        CHECK_STATUS(outcrop_cancel_token_cancel(wrong[i]), OUTCROP_INVALID_HANDLE);
        CHECK_STATUS(outcrop_host_start_stream(wrong[i], SILENT, strlen(SILENT), &stream, NULL),
                     OUTCROP_INVALID_HANDLE);
        CHECK(outcrop_event_delta(wrong[i]).data == NULL && outcrop_error_message(wrong[i]).data == NULL);
        outcrop_stream_free(wrong[i]);
        outcrop_host_free(wrong[i]);
        outcrop_error_free(wrong[i]);
    }
    CHECK_STATUS(outcrop_host_new((outcrop_options *)(void *)host, &other, NULL), OUTCROP_INVALID_HANDLE);
    /* They are still what they were. */
    CHECK_STATUS(set_number(options, "attempts", 3), OUTCROP_OK);
}

/* Callbacks that call back, and what comes after a cancellation. */
static void callbacks(void) {
    outcrop_event *event = NULL;
    int descriptor = -1;

    CHECK_STATUS(outcrop_stream_set_wakeup(stream, wake_up, &called, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_descriptor(stream, &descriptor, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_cancel_token(stream, &token, NULL), OUTCROP_OK);
    while (called == 0) {
        outcrop_status status = outcrop_stream_try_next(stream, &event, NULL);
        if (status == OUTCROP_OK) outcrop_event_free(event);
        if (status == OUTCROP_PENDING) break;
    }
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_OK);
    CHECK(called > 0);
    CHECK_STATUS(outcrop_stream_set_wakeup(stream, NULL, NULL, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_next(stream, -1, &event, NULL), OUTCROP_OK);
    CHECK(outcrop_event_get_kind(event) == OUTCROP_EVENT_ERROR && outcrop_event_is_terminal(event));
    CHECK(outcrop_event_status(event) == OUTCROP_CANCELLED);
    CHECK_STATUS(outcrop_stream_next(stream, -1, &event, NULL), OUTCROP_END);
    CHECK_STATUS(outcrop_stream_cancel(stream, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_try_next(stream, &event, NULL), OUTCROP_END);
    close(descriptor);

    /* Freed twice, and used after. */
    outcrop_event_free(event);
    outcrop_event_free(event);
    CHECK(outcrop_event_get_kind(event) == OUTCROP_EVENT_NONE);
    outcrop_stream_free(stream);
    outcrop_stream_free(stream);
    CHECK_STATUS(outcrop_stream_next(stream, 0, &event, NULL), OUTCROP_INVALID_HANDLE);
    CHECK_STATUS(outcrop_stream_cancel(stream, NULL), OUTCROP_INVALID_HANDLE);
    CHECK_STATUS(outcrop_stream_descriptor(stream, &descriptor, NULL), OUTCROP_INVALID_HANDLE);
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_OK);
    outcrop_cancel_token_free(token);
    outcrop_cancel_token_free(token);
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_INVALID_HANDLE);
}

/* A log callback that calls back: a request that is refused once is sent again, and that is logged. */
static void logging(void) {
    char request[256];
    outcrop_stream *throttled;
    outcrop_event *event = NULL;
    outcrop_event_kind last = OUTCROP_EVENT_NONE;
    snprintf(request, sizeof request, REQUEST("sim:throttling times=1 key=%d"), (int)getpid());
    throttled = ask(host, request);
    while (outcrop_stream_next(throttled, -1, &event, NULL) == OUTCROP_OK) {
        last = outcrop_event_get_kind(event);
        outcrop_event_free(event);
    }
    CHECK(last == OUTCROP_EVENT_DONE && logged > 0);
    outcrop_stream_free(throttled);
}

/* Every function, after its host is no more. */
static void after_the_host(void) {
    outcrop_models *models = NULL;
    outcrop_event *event = NULL;
    outcrop_stream *other = NULL;
    int descriptor = -1;

    stream = ask(host, SILENT);
    CHECK_STATUS(outcrop_stream_cancel_token(stream, &token, NULL), OUTCROP_OK);
    outcrop_host_free(host);
    outcrop_host_free(host);
    CHECK_STATUS(outcrop_host_start_stream(host, SILENT, strlen(SILENT), &other, NULL),
                 OUTCROP_INVALID_HANDLE);
    CHECK_STATUS(outcrop_host_list_models(host, -1, &models, NULL), OUTCROP_INVALID_HANDLE);
#if OUTCROP_ABI_VERSION >= 2
    CHECK_STATUS(outcrop_host_reload_plugins(host, NULL), OUTCROP_INVALID_HANDLE);
#endif
    CHECK_STATUS(outcrop_stream_next(stream, -1, &event, NULL), OUTCROP_SHUT_DOWN);
    CHECK_STATUS(outcrop_stream_next(stream, 0, &event, NULL), OUTCROP_SHUT_DOWN);
    CHECK_STATUS(outcrop_stream_try_next(stream, &event, NULL), OUTCROP_SHUT_DOWN);
    CHECK_STATUS(outcrop_stream_descriptor(stream, &descriptor, NULL), OUTCROP_OK);
    close(descriptor);
    CHECK_STATUS(outcrop_stream_set_wakeup(stream, wake_up, &called, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_cancel(stream, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_OK);
    outcrop_cancel_token_free(token);
    outcrop_stream_free(stream);
}

int main(int argc, char **argv) {
    const char *endpoint = argc > 1 ? argv[1] : "";
    outcrop_event *event = NULL;
    CHECK(outcrop_abi_version() >= OUTCROP_ABI_VERSION);

    options = outcrop_options_new();
    CHECK_STATUS(set_text(options, "endpoint", endpoint), OUTCROP_OK);
    CHECK_STATUS(outcrop_options_set_log(options, OUTCROP_LOG_TRACE, log_line, &logged, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_OK);
    stream = ask(host, SILENT);

    nulls();
    wrong_arguments();
    wrong_handles();
    logging();
    callbacks();
    after_the_host();

    /* Freed from inside a callback: another thread does what has to wait. */
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_OK);
    stream = ask(host, SILENT);
    called = 0;
    CHECK_STATUS(outcrop_stream_set_wakeup(stream, free_all, NULL, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_cancel_token(stream, &token, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_try_next(stream, &event, NULL), OUTCROP_PENDING);
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_OK);
    CHECK(called == 1);
    CHECK_STATUS(outcrop_stream_try_next(stream, &event, NULL), OUTCROP_INVALID_HANDLE);
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_OK);
    outcrop_cancel_token_free(token);
    outcrop_options_free(options);
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_INVALID_HANDLE);
    printf("ok\n");
    return 0;
}
