/* Streams answers through the C ABI, in one thread with poll(2). `make bench` runs it; the protocol is in outside.rs. */
#include <outcrop.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what, outcrop_error *error) {
    outcrop_str message = outcrop_error_message(error);
    fprintf(stderr, "%s: %.*s\n", what, (int)message.len, message.data);
    exit(1);
}

/* The value of an option that must be there. */
static const char *argument(int argc, char **argv, const char *name) {
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], name) == 0) return argv[i + 1];
    fprintf(stderr, "%s is missing\n", name);
    exit(2);
}

static long long microseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static outcrop_host *make_host(const char *endpoint, uint64_t at_once) {
    outcrop_host *host = NULL;
    outcrop_error *error = NULL;
    outcrop_models *models = NULL;
    outcrop_options *options = outcrop_options_new();
    outcrop_options_set_text(options, "endpoint", 8, endpoint, strlen(endpoint), NULL);
    if (at_once > 64) {
        outcrop_options_set_number(options, "limit_streams", 13, at_once, NULL);
        outcrop_options_set_number(options, "limit_process_streams", 21, at_once, NULL);
    }
    if (outcrop_host_new(options, &host, &error) != OUTCROP_OK) fail("no host", error);
    outcrop_options_free(options);
    if (outcrop_host_list_models(host, -1, &models, &error) != OUTCROP_OK) fail("no models", error);
    outcrop_models_free(models);
    return host;
}

/* A stream that is watched. */
struct seat {
    outcrop_stream *stream;
    int done;
};

/* Starts the next stream in a seat. */
static void start(outcrop_host *host, const char *request, struct seat *seat, struct pollfd *watched) {
    outcrop_error *error = NULL;
    seat->done = 0;
    if (outcrop_host_start_stream(host, request, strlen(request), &seat->stream, &error) != OUTCROP_OK)
        fail("no stream", error);
    if (outcrop_stream_descriptor(seat->stream, &watched->fd, &error) != OUTCROP_OK)
        fail("no descriptor", error);
    watched->events = POLLIN;
}

/* Takes all that has come and gives the number of text deltas; `over` tells whether the answer is. */
static long long take(struct seat *seat, int *over) {
    outcrop_event *event = NULL;
    outcrop_error *error = NULL;
    outcrop_status status;
    long long deltas = 0;
    while ((status = outcrop_stream_try_next(seat->stream, &event, &error)) == OUTCROP_OK) {
        switch (outcrop_event_get_kind(event)) {
        case OUTCROP_EVENT_TEXT_DELTA:
            deltas += outcrop_event_delta(event).len > 0;
            break;
        case OUTCROP_EVENT_DONE:
            seat->done = 1;
            break;
        case OUTCROP_EVENT_ERROR:
            fail("the answer failed", outcrop_event_error(event));
            break;
        default:
            break;
        }
        outcrop_event_free(event);
    }
    if (status != OUTCROP_PENDING && status != OUTCROP_END) fail("no event", error);
    *over = status == OUTCROP_END;
    if (*over && !seat->done) fail("an incomplete stream", NULL);
    return deltas;
}

/* Runs so many streams, so many at once, and gives the number of their text deltas. */
static long long run(outcrop_host *host, const char *request, int streams, int at_once) {
    struct seat *seats = calloc((size_t)at_once, sizeof *seats);
    struct pollfd *watched = calloc((size_t)at_once, sizeof *watched);
    long long deltas = 0;
    int begun = 0, ended = 0;
    for (int i = 0; i < at_once; i++) watched[i].fd = -1;
    while (begun < at_once && begun < streams) {
        start(host, request, &seats[begun], &watched[begun]);
        begun++;
    }
    while (ended < streams) {
        if (poll(watched, (nfds_t)at_once, -1) < 0) fail("poll", NULL);
        for (int i = 0; i < at_once; i++) {
            int over = 0;
            if (watched[i].fd < 0 || watched[i].revents == 0) continue;
            deltas += take(&seats[i], &over);
            if (!over) continue;
            outcrop_stream_free(seats[i].stream);
            close(watched[i].fd);
            watched[i].fd = -1;
            ended++;
            if (begun < streams) {
                start(host, request, &seats[i], &watched[i]);
                begun++;
            }
        }
    }
    free(seats);
    free(watched);
    return deltas;
}

int main(int argc, char **argv) {
    int streams = atoi(argument(argc, argv, "--streams"));
    int at_once = atoi(argument(argc, argv, "--concurrency"));
    outcrop_host *host = make_host(argument(argc, argv, "--endpoint"), (uint64_t)at_once);
    char request[4096];
    struct rusage used;
    /* The prompt of the benchmark has nothing that JSON would escape. */
    int length = snprintf(request, sizeof request,
                          "{\"model\":\"amazon-bedrock/%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}",
                          argument(argc, argv, "--model"), argument(argc, argv, "--prompt"));
    if (length < 0 || (size_t)length >= sizeof request || streams < 1 || at_once < 1) return 2;

    run(host, request, 1, 1);
    long long cpu = microseconds(CLOCK_PROCESS_CPUTIME_ID), wall = microseconds(CLOCK_MONOTONIC);
    long long events = run(host, request, streams, at_once);
    wall = microseconds(CLOCK_MONOTONIC) - wall;
    cpu = microseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    getrusage(RUSAGE_SELF, &used);
    printf("{\"events\":%lld,\"cpu_us\":%lld,\"wall_us\":%lld,\"peak_rss_bytes\":%lld}\n", events, cpu, wall,
           (long long)used.ru_maxrss * 1024);
    outcrop_host_free(host);
    return 0;
}
