/* Asks a model of Amazon Bedrock and prints the answer as it comes.
 *
 *     cc stream.c -loutcrop -o stream && ./stream amazon-bedrock/us.amazon.nova-2-lite-v1:0
 */
#include <outcrop.h>

#include <stdio.h>
#include <string.h>

/* Says what went wrong and what to do, and frees the error. */
static int failed(outcrop_error *error) {
    outcrop_str message = outcrop_error_message(error);
    outcrop_str remedy = outcrop_error_remedy(error);
    fprintf(stderr, "%.*s", (int)message.len, message.data);
    if (remedy.len > 0) fprintf(stderr, "; %.*s", (int)remedy.len, remedy.data);
    fprintf(stderr, "\n");
    outcrop_error_free(error);
    return 1;
}

int main(int argc, char **argv) {
    const char *model = argc > 1 ? argv[1] : "amazon-bedrock/us.amazon.nova-2-lite-v1:0";
    const char *prompt = argc > 2 ? argv[2] : "Say hello.";
    outcrop_error *error = NULL;
    outcrop_host *host = NULL;
    outcrop_stream *stream = NULL;
    outcrop_event *event = NULL;
    outcrop_status status;
    int code = 0;

    /* Credentials and region are found as the AWS command line finds them; options say otherwise. */
    status = outcrop_host_new(NULL, &host, &error);
    if (status != OUTCROP_OK) return failed(error);

    /* The request is JSON; a real program has a library to write it. */
    char request[4096];
    int length = snprintf(request, sizeof request,
                          "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}",
                          model, prompt);
    if (length < 0 || (size_t)length >= sizeof request) {
        fprintf(stderr, "the prompt is too long\n");
        outcrop_host_free(host);
        return 1;
    }
    status = outcrop_host_start_stream(host, request, (size_t)length, &stream, &error);
    if (status != OUTCROP_OK) {
        outcrop_host_free(host);
        return failed(error);
    }

    while ((status = outcrop_stream_next(stream, -1, &event, &error)) == OUTCROP_OK) {
        outcrop_str text;
        switch (outcrop_event_get_kind(event)) {
        case OUTCROP_EVENT_TEXT_DELTA:
            text = outcrop_event_delta(event);
            fwrite(text.data, 1, text.len, stdout);
            fflush(stdout);
            break;
        case OUTCROP_EVENT_ERROR:
            code = failed(outcrop_event_error(event));
            break;
        default:
            break;
        }
        outcrop_event_free(event);
    }
    printf("\n");
    if (status != OUTCROP_END) code = failed(error);
    outcrop_stream_free(stream);
    outcrop_host_free(host);
    return code;
}
