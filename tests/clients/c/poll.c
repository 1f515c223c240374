/* An event loop: poll(2) over many streams of one host in one thread, each answer in order and whole. */
#include "check.h"

#include <poll.h>
#include <unistd.h>

#define MOST 64
#define WORDS 40
#define LONGEST 1024

struct answer {
    outcrop_stream *stream;
    char expected[LONGEST], text[LONGEST];
    size_t length;
    int64_t block;
    int done;
};

/* Takes all that has come; tells whether the answer is over. */
static int take(struct answer *answer) {
    outcrop_event *event = NULL;
    outcrop_status status;
    while ((status = outcrop_stream_try_next(answer->stream, &event, NULL)) == OUTCROP_OK) {
        outcrop_str delta = outcrop_event_delta(event);
        CHECK(!answer->done);
        switch (outcrop_event_get_kind(event)) {
        case OUTCROP_EVENT_TEXT_START:
            answer->block = outcrop_event_index(event);
            break;
        case OUTCROP_EVENT_TEXT_DELTA:
            CHECK(outcrop_event_index(event) == answer->block);
            CHECK(answer->length + delta.len < LONGEST);
            memcpy(answer->text + answer->length, delta.data, delta.len);
            answer->length += delta.len;
            break;
        case OUTCROP_EVENT_DONE:
            answer->done = 1;
            break;
        default:
            if (outcrop_event_is_terminal(event)) {
                outcrop_str json = outcrop_event_json(event);
                fprintf(stderr, "%.*s\n", (int)json.len, json.data);
                exit(1);
            }
        }
        outcrop_event_free(event);
    }
    CHECK(status == OUTCROP_PENDING || status == OUTCROP_END);
    return status == OUTCROP_END;
}

int main(int argc, char **argv) {
    static struct answer answers[MOST];
    struct pollfd watched[MOST];
    outcrop_host *host = host_at(argc > 1 ? argv[1] : "");
    int streams = argc > 2 ? atoi(argv[2]) : MOST;
    int left = streams, most = 0;

    CHECK(streams > 0 && streams <= MOST);
    for (int i = 0; i < streams; i++) {
        char request[LONGEST + 256];
        struct answer *answer = &answers[i];
        int descriptor = -1;
        for (int word = 0, at = 0; word < WORDS; word++)
            at += snprintf(answer->expected + at, LONGEST - (size_t)at, "stream-%d-word-%d ", i, word);
        answer->expected[strlen(answer->expected) - 1] = '\0';
        snprintf(request, sizeof request, REQUEST("sim:text first-frame-after=50 %s"), answer->expected);
        answer->stream = ask(host, request);
        CHECK_STATUS(outcrop_stream_descriptor(answer->stream, &descriptor, NULL), OUTCROP_OK);
        watched[i] = (struct pollfd){.fd = descriptor, .events = POLLIN};
        CHECK(!take(answer));
    }
    while (left > 0) {
        int ready = poll(watched, (nfds_t)streams, 30000);
        CHECK(ready > 0);
        most = ready > most ? ready : most;
        for (int i = 0; i < streams; i++) {
            if (watched[i].fd < 0 || watched[i].revents == 0 || !take(&answers[i])) continue;
            CHECK(answers[i].done);
            CHECK(strcmp(answers[i].text, answers[i].expected) == 0);
            outcrop_stream_free(answers[i].stream);
            close(watched[i].fd);
            watched[i].fd = -1;
            left--;
        }
    }
    outcrop_host_free(host);
    fprintf(stderr, "up to %d streams were ready at once\n", most);
    printf("ok\n");
    return 0;
}
