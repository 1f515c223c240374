/* A thread waits for a stream that never says anything; another one cancels it. A thousand times. */
#include "check.h"

#include <pthread.h>

static void *cancel(void *token) {
    CHECK_STATUS(outcrop_cancel_token_cancel(token), OUTCROP_OK);
    outcrop_cancel_token_free(token);
    return NULL;
}

int main(int argc, char **argv) {
    outcrop_host *host = host_at(argc > 1 ? argv[1] : "");
    int rounds = argc > 2 ? atoi(argv[2]) : 1000;

    for (int round = 0; round < rounds; round++) {
        outcrop_stream *stream = ask(host, SILENT);
        outcrop_cancel_token *token = NULL;
        outcrop_event *event = NULL;
        outcrop_status status;
        pthread_t thread;
        int cancelled = 0;

        CHECK_STATUS(outcrop_stream_cancel_token(stream, &token, NULL), OUTCROP_OK);
        CHECK(pthread_create(&thread, NULL, cancel, token) == 0);
        while ((status = outcrop_stream_next(stream, -1, &event, NULL)) == OUTCROP_OK) {
            cancelled = outcrop_event_status(event) == OUTCROP_CANCELLED;
            outcrop_event_free(event);
        }
        CHECK(status == OUTCROP_END && cancelled);
        /* Freed while the other thread may still hold the token. */
        outcrop_stream_free(stream);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    outcrop_host_free(host);
    printf("ok\n");
    return 0;
}
