/* A plugin beside the bundled one, from the configuration, and another file in its place while the host runs. */
#include "check.h"

#define ASK "{\"model\":\"other/sim.text-v1:0\",\"messages\":[{\"role\":\"user\",\"content\":\"sim:text Hello.\"}]}"

/* An answer through the plugin. */
static void answer(outcrop_host *host) {
    outcrop_stream *stream = ask(host, ASK);
    outcrop_event *event = NULL;
    enum outcrop_event_kind last = OUTCROP_EVENT_ERROR;
    while (outcrop_stream_next(stream, -1, &event, NULL) == OUTCROP_OK) {
        last = outcrop_event_get_kind(event);
        outcrop_event_free(event);
    }
    CHECK(last == OUTCROP_EVENT_DONE);
    outcrop_stream_free(stream);
}

/* Arguments: the endpoint, the configuration, a component that is not pinned, the plugin's file. */
int main(int argc, char **argv) {
    outcrop_options *options = outcrop_options_new();
    outcrop_host *host = NULL;
    outcrop_error *error = NULL;
    struct outcrop_str message;
    CHECK(argc == 5);
    CHECK_STATUS(set_text(options, "endpoint", argv[1]), OUTCROP_OK);
    CHECK_STATUS(set_text(options, "config_file", argv[2]), OUTCROP_OK);
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_OK);
    outcrop_options_free(options);
    answer(host);
    CHECK_STATUS(outcrop_host_reload_plugins(host, NULL), OUTCROP_OK);
    answer(host);

    CHECK(rename(argv[3], argv[4]) == 0);
    CHECK_STATUS(outcrop_host_reload_plugins(host, &error), OUTCROP_INVALID_REQUEST);
    message = outcrop_error_message(error);
    CHECK(strstr(message.data, "is not the one that is pinned") != NULL);
    outcrop_error_free(error);
    answer(host);

    outcrop_host_free(host);
    CHECK_STATUS(outcrop_host_reload_plugins(host, NULL), OUTCROP_INVALID_HANDLE);
    CHECK_STATUS(outcrop_host_reload_plugins(NULL, NULL), OUTCROP_INVALID_ARGUMENT);
    printf("ok\n");
    return 0;
}
