/* What the test programs share. */
#ifndef CHECK_H
#define CHECK_H

#include <outcrop.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program where something is not so. */
#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

/* The same for what is to be a status, and says which it was. */
#define CHECK_STATUS(call, expected)                                                          \
    do {                                                                                      \
        outcrop_status told_ = (call);                                                        \
        if (told_ != (expected)) {                                                            \
            fprintf(stderr, "%s:%d: %s: %d\n", __FILE__, __LINE__, #call, (int)told_);        \
            exit(1);                                                                          \
        }                                                                                     \
    } while (0)

/* A request to the simulator, whose prompt names a scenario. */
#define REQUEST(prompt)                            \
    "{\"model\":\"amazon-bedrock/sim.text-v1:0\"," \
    "\"messages\":[{\"role\":\"user\",\"content\":\"" prompt "\"}]}"

/* An answer that never says anything. */
#define SILENT REQUEST("sim:silence after=0")

static inline outcrop_status set_text(outcrop_options *options, const char *name, const char *value) {
    return outcrop_options_set_text(options, name, strlen(name), value, strlen(value), NULL);
}

static inline outcrop_status set_number(outcrop_options *options, const char *name, uint64_t value) {
    return outcrop_options_set_number(options, name, strlen(name), value, NULL);
}

/* A host that asks the simulator at this address. */
static inline outcrop_host *host_at(const char *endpoint) {
    outcrop_host *host = NULL;
    outcrop_options *options = outcrop_options_new();
    CHECK_STATUS(set_text(options, "endpoint", endpoint), OUTCROP_OK);
    CHECK_STATUS(outcrop_host_new(options, &host, NULL), OUTCROP_OK);
    outcrop_options_free(options);
    return host;
}

static inline outcrop_stream *ask(outcrop_host *host, const char *request) {
    outcrop_stream *stream = NULL;
    CHECK_STATUS(outcrop_host_start_stream(host, request, strlen(request), &stream, NULL), OUTCROP_OK);
    return stream;
}

#endif
