/* A thread waits for a stream that never says anything; another one cancels it. A thousand times. */
#include <outcrop.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *cancel(void *token) {
    outcrop_status status = outcrop_cancel_token_cancel(token);
    outcrop_cancel_token_free(token);
    return status == OUTCROP_OK ? NULL : token;
}

static int fail(const char *what, int round) {
    fprintf(stderr, "round %d: %s\n", round, what);
    return 1;
}

int main(int argc, char **argv) {
    const char *endpoint = argc > 1 ? argv[1] : "";
    int rounds = argc > 2 ? atoi(argv[2]) : 1000;
    const char *request =
        "{\"model\":\"amazon-bedrock/sim.text-v1:0\","
        "\"messages\":[{\"role\":\"user\",\"content\":\"sim:silence after=0\"}]}";
    outcrop_host *host = NULL;
    outcrop_options *options = outcrop_options_new();

    outcrop_options_set_text(options, "endpoint", 8, endpoint, strlen(endpoint), NULL);
    if (outcrop_host_new(options, &host, NULL) != OUTCROP_OK) return fail("no host", 0);
    outcrop_options_free(options);

    for (int round = 0; round < rounds; round++) {
        outcrop_stream *stream = NULL;
        outcrop_cancel_token *token = NULL;
        outcrop_event *event = NULL;
        outcrop_status status;
        pthread_t thread;
        void *told = NULL;
        int cancelled = 0;

        if (outcrop_host_start_stream(host, request, strlen(request), &stream, NULL) != OUTCROP_OK)
            return fail("no stream", round);
        if (outcrop_stream_cancel_token(stream, &token, NULL) != OUTCROP_OK)
            return fail("no token", round);
        if (pthread_create(&thread, NULL, cancel, token) != 0) return fail("no thread", round);
        while ((status = outcrop_stream_next(stream, -1, &event, NULL)) == OUTCROP_OK) {
            cancelled = outcrop_event_status(event) == OUTCROP_CANCELLED;
            outcrop_event_free(event);
        }
        if (status != OUTCROP_END || !cancelled) return fail("it was not cancelled", round);
        /* Freed while the other thread may still hold the token. */
        outcrop_stream_free(stream);
        pthread_join(thread, &told);
        if (told != NULL) return fail("the token was refused", round);
    }
    outcrop_host_free(host);
    printf("ok\n");
    return 0;
}
