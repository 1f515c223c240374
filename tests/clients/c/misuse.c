/* Everything that a program can do wrong and that can be caught is a status, and never a crash. */
#include <outcrop.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                           \
    do {                                                                           \
        if (!(condition)) {                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
            exit(1);                                                               \
        }                                                                          \
    } while (0)

static outcrop_stream *called_back_for;
static outcrop_status inside;

/* A callback that does what it must not. */
static void call_back(void *user_data) {
    outcrop_event *event = NULL;
    (void)user_data;
    inside = outcrop_stream_try_next(called_back_for, &event, NULL);
}

int main(int argc, char **argv) {
    const char *endpoint = argc > 1 ? argv[1] : "";
    const char *request =
        "{\"model\":\"amazon-bedrock/sim.text-v1:0\","
        "\"messages\":[{\"role\":\"user\",\"content\":\"sim:silence after=0\"}]}";
    outcrop_host *host = NULL;
    outcrop_stream *stream = NULL, *other = NULL;
    outcrop_event *event = NULL;
    outcrop_error *error = NULL;
    outcrop_cancel_token *token = NULL;
    outcrop_options *options = outcrop_options_new();
    int descriptor = -1, told = 0;

    CHECK(outcrop_abi_version() == OUTCROP_ABI_VERSION);

    /* NULL everywhere. */
    outcrop_host_free(NULL);
    outcrop_stream_free(NULL);
    outcrop_event_free(NULL);
    outcrop_error_free(NULL);
    outcrop_models_free(NULL);
    outcrop_options_free(NULL);
    outcrop_cancel_token_free(NULL);
    CHECK(outcrop_host_new(NULL, NULL, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_host_start_stream(NULL, request, 1, &stream, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_stream_next(NULL, 0, &event, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_stream_next(NULL, 0, NULL, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_cancel_token_cancel(NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_event_get_kind(NULL) == OUTCROP_EVENT_NONE);
    CHECK(outcrop_event_delta(NULL).data == NULL);
    CHECK(outcrop_error_message(NULL).len == 0);
    CHECK(outcrop_models_count(NULL) == 0);

    /* Options that are none, and text that is no text. */
    CHECK(outcrop_options_set_text(options, "colour", 6, "red", 3, &error) == OUTCROP_INVALID_ARGUMENT);
    CHECK(error != NULL && outcrop_error_status(error) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_error_message(error).len > 0);
    outcrop_error_free(error);
    outcrop_error_free(error);
    CHECK(outcrop_error_message(error).data == NULL);
    error = NULL;
    CHECK(outcrop_options_set_text(options, "region", 6, "\xff\xfe", 2, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_options_set_text(options, "region", 6, NULL, 2, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_options_set_text(options, "region", 6, "x", (size_t)-1, NULL) ==
          OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_options_set_text(options, "settings", 8, "{", 1, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_options_set_log(options, 77, NULL, NULL, NULL) == OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_options_set_text((outcrop_options *)(void *)0x1234, "region", 6, "x", 1, NULL) ==
          OUTCROP_INVALID_HANDLE);

    CHECK(outcrop_options_set_text(options, "endpoint", 8, endpoint, strlen(endpoint), NULL) ==
          OUTCROP_OK);
    CHECK(outcrop_host_new(options, &host, &error) == OUTCROP_OK);
    CHECK(error == NULL);
    outcrop_options_free(options);
    CHECK(outcrop_host_new(options, &host, NULL) == OUTCROP_INVALID_HANDLE);
    CHECK(outcrop_stream_next((outcrop_stream *)(void *)host, 0, &event, NULL) ==
          OUTCROP_INVALID_HANDLE);

    /* Requests that are none. */
    CHECK(outcrop_host_start_stream(host, "{", 1, &stream, NULL) == OUTCROP_INVALID_REQUEST);
    CHECK(outcrop_host_start_stream(host, "\xff", 1, &stream, NULL) == OUTCROP_INVALID_REQUEST);
    CHECK(outcrop_host_start_stream(host, request, (size_t)-1, &stream, NULL) ==
          OUTCROP_INVALID_ARGUMENT);
    CHECK(outcrop_host_start_stream(host, "{\"messages\":7}", 14, &stream, &error) ==
          OUTCROP_INVALID_REQUEST);
    outcrop_error_free(error);

    /* A callback that calls back. */
    CHECK(outcrop_host_start_stream(host, request, strlen(request), &stream, NULL) == OUTCROP_OK);
    called_back_for = stream;
    CHECK(outcrop_stream_set_wakeup(stream, call_back, NULL, NULL) == OUTCROP_OK);
    CHECK(outcrop_stream_descriptor(stream, &descriptor, NULL) == OUTCROP_OK);
    CHECK(outcrop_stream_try_next(stream, &event, NULL) == OUTCROP_PENDING);
    CHECK(outcrop_stream_cancel_token(stream, &token, NULL) == OUTCROP_OK);
    CHECK(outcrop_cancel_token_cancel(token) == OUTCROP_OK);
    CHECK(inside == OUTCROP_REENTERED);
    CHECK(outcrop_stream_next(stream, -1, &event, NULL) == OUTCROP_OK);
    CHECK(outcrop_event_get_kind(event) == OUTCROP_EVENT_ERROR);
    CHECK(outcrop_event_status(event) == OUTCROP_CANCELLED);
    CHECK(outcrop_event_is_terminal(event));
    outcrop_event_free(event);
    CHECK(outcrop_stream_next(stream, -1, &event, NULL) == OUTCROP_END);

    /* Freed twice, and used after. */
    outcrop_stream_free(stream);
    outcrop_stream_free(stream);
    CHECK(outcrop_stream_next(stream, 0, &event, NULL) == OUTCROP_INVALID_HANDLE);
    CHECK(outcrop_cancel_token_cancel(token) == OUTCROP_OK);
    outcrop_cancel_token_free(token);
    CHECK(outcrop_cancel_token_cancel(token) == OUTCROP_INVALID_HANDLE);
    close(descriptor);

    /* A child of the process. */
    CHECK(outcrop_host_start_stream(host, request, strlen(request), &other, NULL) == OUTCROP_OK);
    pid_t child = fork();
    if (child == 0) {
        CHECK(outcrop_stream_next(other, -1, &event, NULL) == OUTCROP_FORKED);
        CHECK(outcrop_host_start_stream(host, request, strlen(request), &stream, NULL) ==
              OUTCROP_FORKED);
        outcrop_stream_free(other);
        outcrop_host_free(host);
        _exit(0);
    }
    CHECK(waitpid(child, &told, 0) == child && WIFEXITED(told) && WEXITSTATUS(told) == 0);

    /* A host that is no more. */
    outcrop_host_free(host);
    outcrop_host_free(host);
    CHECK(outcrop_stream_next(other, -1, &event, NULL) == OUTCROP_SHUT_DOWN);
    CHECK(outcrop_host_start_stream(host, request, strlen(request), &stream, NULL) ==
          OUTCROP_INVALID_HANDLE);
    outcrop_stream_free(other);
    printf("ok\n");
    return 0;
}
