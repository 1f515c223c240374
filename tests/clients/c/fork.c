/* A child of the process: the parent's handles are refused, whatever other threads did at the moment of the fork,
 * and a host of its own works. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_bool stop;

/* Looks at handles all the time, so that many a fork falls into that. */
static void *busy(void *stream) {
    while (!atomic_load(&stop)) CHECK(outcrop_event_get_kind(stream) == OUTCROP_EVENT_NONE);
    return NULL;
}

/* Asks for an answer and reads it to its end. */
static void converse(outcrop_host *host) {
    outcrop_stream *stream = ask(host, REQUEST("sim:text Hello."));
    outcrop_event *event = NULL;
    outcrop_event_kind last = OUTCROP_EVENT_NONE;
    while (outcrop_stream_next(stream, -1, &event, NULL) == OUTCROP_OK) {
        last = outcrop_event_get_kind(event);
        outcrop_event_free(event);
    }
    CHECK(last == OUTCROP_EVENT_DONE);
    outcrop_stream_free(stream);
}

/* A host that compiles its plugin anew. */
static outcrop_host *host_with_cache(const char *endpoint, const char *folder) {
    outcrop_host *host = NULL;
    outcrop_options *options = outcrop_options_new();
    CHECK_STATUS(set_text(options, "endpoint", endpoint), OUTCROP_OK);
    CHECK_STATUS(set_text(options, "cache_folder", folder), OUTCROP_OK);
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_OK);
    outcrop_options_free(options);
    return host;
}

static void wait_for(pid_t child) {
    int told = 0;
    CHECK(child > 0 && waitpid(child, &told, 0) == child);
    CHECK(WIFEXITED(told) && WEXITSTATUS(told) == 0);
}

int main(int argc, char **argv) {
    const char *endpoint = argc > 1 ? argv[1] : "";
    int rounds = argc > 2 ? atoi(argv[2]) : 200;
    /* Two empty folders, where the plugin is to be compiled in both processes. */
    outcrop_host *host = argc > 4 ? host_with_cache(endpoint, argv[3]) : host_at(endpoint);
    outcrop_stream *stream = ask(host, SILENT), *other = NULL;
    outcrop_cancel_token *token = NULL;
    outcrop_event *event = NULL;
    outcrop_models *models = NULL;
    outcrop_error *error = NULL;
    int descriptor = -1;
    pthread_t thread;

    CHECK_STATUS(outcrop_stream_cancel_token(stream, &token, NULL), OUTCROP_OK);
    CHECK_STATUS(outcrop_stream_next(stream, 0, &event, NULL), OUTCROP_PENDING);
    CHECK(pthread_create(&thread, NULL, busy, stream) == 0);
    for (int round = 0; round < rounds; round++) {
        pid_t child = fork();
        if (child == 0) {
            /* A child that hangs is an error. */
            alarm(60);
            CHECK_STATUS(outcrop_stream_next(stream, -1, &event, &error), OUTCROP_FORKED);
            outcrop_error_free(error);
            _exit(0);
        }
        wait_for(child);
    }
    atomic_store(&stop, 1);
    CHECK(pthread_join(thread, NULL) == 0);

    pid_t child = fork();
    if (child == 0) {
        alarm(300);
        CHECK_STATUS(outcrop_stream_try_next(stream, &event, NULL), OUTCROP_FORKED);
        CHECK_STATUS(outcrop_stream_cancel(stream, NULL), OUTCROP_FORKED);
        CHECK_STATUS(outcrop_stream_descriptor(stream, &descriptor, NULL), OUTCROP_FORKED);
        CHECK_STATUS(outcrop_stream_cancel_token(stream, &token, NULL), OUTCROP_FORKED);
        CHECK_STATUS(outcrop_stream_set_wakeup(stream, NULL, NULL, NULL), OUTCROP_FORKED);
        CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_FORKED);
        CHECK_STATUS(outcrop_host_list_models(host, -1, &models, NULL), OUTCROP_FORKED);
        CHECK_STATUS(outcrop_host_start_stream(host, SILENT, strlen(SILENT), &other, &error),
                     OUTCROP_FORKED);
#if OUTCROP_ABI_VERSION >= 2
        CHECK_STATUS(outcrop_host_reload_plugins(host, NULL), OUTCROP_FORKED);
#endif
        CHECK(outcrop_error_status(error) == OUTCROP_FORKED);
        CHECK(outcrop_error_message(error).len > 0);
        outcrop_error_free(error);
        outcrop_cancel_token_free(token);
        outcrop_stream_free(stream);
        outcrop_host_free(host);
        host = argc > 4 ? host_with_cache(endpoint, argv[4]) : host_at(endpoint);
        converse(host);
        outcrop_host_free(host);
        _exit(0);
    }
    wait_for(child);

    /* The parent's are as they were. */
    CHECK_STATUS(outcrop_stream_next(stream, 0, &event, NULL), OUTCROP_PENDING);
    converse(host);
    outcrop_cancel_token_free(token);
    outcrop_stream_free(stream);
    outcrop_host_free(host);
    printf("ok\n");
    return 0;
}
