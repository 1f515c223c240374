/* A host is freed while other threads wait for it: for events, for a listing, or about to ask. Each is told
 * OUTCROP_SHUT_DOWN (or, where it came late, that the handle is stale), at once and every time. */
#include "check.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define READERS 4

struct shared {
    outcrop_host *host;
    outcrop_stream *streams[READERS];
    atomic_int next, started;
};

static int gone(outcrop_status status) {
    return status == OUTCROP_SHUT_DOWN || status == OUTCROP_INVALID_HANDLE;
}

static void *read_stream(void *argument) {
    struct shared *shared = argument;
    outcrop_stream *stream = shared->streams[atomic_fetch_add(&shared->next, 1)];
    outcrop_event *event = NULL;
    outcrop_error *error = NULL;
    outcrop_status status;
    atomic_fetch_add(&shared->started, 1);
    while ((status = outcrop_stream_next(stream, -1, &event, &error)) == OUTCROP_OK)
        outcrop_event_free(event);
    CHECK_STATUS(status, OUTCROP_SHUT_DOWN);
    CHECK(outcrop_error_status(error) == OUTCROP_SHUT_DOWN);
    outcrop_error_free(error);
    return NULL;
}

static void *list(void *argument) {
    struct shared *shared = argument;
    outcrop_models *models = NULL;
    outcrop_status status;
    atomic_fetch_add(&shared->started, 1);
    status = outcrop_host_list_models(shared->host, -1, &models, NULL);
    CHECK(gone(status));
    return NULL;
}

static void *start_again_and_again(void *argument) {
    struct shared *shared = argument;
    outcrop_status status;
    atomic_fetch_add(&shared->started, 1);
    for (;;) {
        outcrop_stream *stream = NULL;
        outcrop_event *event = NULL;
        status = outcrop_host_start_stream(shared->host, SILENT, strlen(SILENT), &stream, NULL);
        if (status != OUTCROP_OK) break;
        status = outcrop_stream_next(stream, 0, &event, NULL);
        CHECK(status == OUTCROP_PENDING || status == OUTCROP_SHUT_DOWN);
        outcrop_stream_free(stream);
    }
    CHECK(gone(status));
    return NULL;
}

/* A place that takes connections and never answers; gives its address. */
static int silent_server(char address[64]) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof place;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&place, length) == 0);
    CHECK(listen(listener, 64) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&place, &length) == 0);
    snprintf(address, 64, "http://127.0.0.1:%d", ntohs(place.sin_port));
    return listener;
}

int main(int argc, char **argv) {
    const char *endpoint = argc > 1 ? argv[1] : "";
    int rounds = argc > 2 ? atoi(argv[2]) : 20;
    char nowhere[64];
    int listener = silent_server(nowhere);

    for (int round = 0; round < rounds; round++) {
        pthread_t threads[READERS + 2];
        struct shared shared = {.host = host_at(round % 2 ? nowhere : endpoint)};
        for (int i = 0; i < READERS; i++) shared.streams[i] = ask(shared.host, SILENT);
        for (int i = 0; i < READERS; i++)
            CHECK(pthread_create(&threads[i], NULL, read_stream, &shared) == 0);
        CHECK(pthread_create(&threads[READERS], NULL, start_again_and_again, &shared) == 0);
        /* The simulator's listing would come. */
        CHECK(pthread_create(&threads[READERS + 1], NULL, round % 2 ? list : start_again_and_again,
                             &shared) == 0);
        while (atomic_load(&shared.started) < READERS + 2) usleep(100);
        if (round % 4 > 1) usleep(20000);
        outcrop_host_free(shared.host);
        for (int i = 0; i < READERS + 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        for (int i = 0; i < READERS; i++) outcrop_stream_free(shared.streams[i]);
    }
    close(listener);
    printf("ok\n");
    return 0;
}
