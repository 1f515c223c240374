/* Whose the process's signal handlers are: wasmtime's by default, nobody's with the option that says so. */
#include "check.h"

#include <signal.h>

static const int TRAPS[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};

static int handled(void) {
    int count = 0;
    for (size_t i = 0; i < sizeof TRAPS / sizeof *TRAPS; i++) {
        struct sigaction action;
        CHECK(sigaction(TRAPS[i], NULL, &action) == 0);
        count += action.sa_handler != SIG_DFL;
    }
    return count;
}

int main(int argc, char **argv) {
    outcrop_host *host = NULL;
    outcrop_stream *stream = NULL;
    outcrop_event *event = NULL;
    outcrop_event_kind last = OUTCROP_EVENT_NONE;
    outcrop_options *options = outcrop_options_new();

    CHECK_STATUS(set_text(options, "endpoint", argc > 1 ? argv[1] : ""), OUTCROP_OK);
    CHECK_STATUS(set_number(options, "signal_handlers", 0), OUTCROP_OK);
    CHECK(handled() == 0);
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_OK);
    stream = ask(host, REQUEST("sim:text Hello."));
    while (outcrop_stream_next(stream, -1, &event, NULL) == OUTCROP_OK) {
        last = outcrop_event_get_kind(event);
        outcrop_event_free(event);
    }
    CHECK(last == OUTCROP_EVENT_DONE);
    CHECK(handled() == 0);
    outcrop_stream_free(stream);
    outcrop_host_free(host);

    CHECK_STATUS(set_number(options, "signal_handlers", 1), OUTCROP_OK);
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_OK);
    CHECK(handled() > 0);
    outcrop_host_free(host);
    outcrop_options_free(options);
    printf("ok\n");
    return 0;
}
