/* The smallest whole provider, in C: its one model, `words`, says back what it was told, a delta a word.
 * `build` makes the bindings, provider_plugin.h, from the contract in wit/. */
#include "provider_plugin.h"

#include <stdlib.h>
#include <string.h>

/* Shorter names for the generated ones. */
#define EXPORT(name) exports_outcrop_provider_provider_##name
typedef provider_plugin_string_t text_t;
typedef outcrop_provider_types_chunk_t chunk_t;
typedef outcrop_provider_types_error_t error_t;
typedef outcrop_provider_types_message_t message_t;
typedef outcrop_provider_types_model_t model_t;

#define MODEL "words"

/* What is given to the host is freed after it was taken, so constants are copied. */
static text_t copy(const void *data, size_t length) {
    return (text_t){memcpy(malloc(length), data, length), length};
}

static text_t constant(const char *text) { return copy(text, strlen(text)); }

static bool is(const text_t *text, const char *other) {
    return text->len == strlen(other) && memcmp(text->ptr, other, text->len) == 0;
}

/* Tells of a failure: false stands for an error. */
static bool failed(error_t *error, uint8_t code, const char *message, const char *remedy) {
    *error = (error_t){.code = code, .message = constant(message)};
    error->remedy.is_some = remedy != NULL;
    if (remedy != NULL) error->remedy.val = constant(remedy);
    return false;
}

bool EXPORT(configure)(text_t *settings, error_t *error) {
    (void)settings, (void)error;
    return true;
}

bool EXPORT(list_models)(EXPORT(offer_t) *offer, error_t *error) {
    model_t *model = malloc(sizeof *model);
    (void)error;
    *model = (model_t){
        .id = constant(MODEL),
        .name = constant("Echo in C, word by word"),
        .vendor = constant("Outcrop"),
        .input = OUTCROP_PROVIDER_TYPES_MODALITIES_TEXT,
        .output = OUTCROP_PROVIDER_TYPES_MODALITIES_TEXT,
        .context_window = 100000,
        .max_output_tokens = 100000,
        .limits_known = true,
        .origin = constant("echo"),
    };
    *offer = (EXPORT(offer_t)){.models = {model, 1}};
    return true;
}

/* One answer: the words that are left of what was said. */
struct exports_outcrop_provider_provider_response_stream_t {
    text_t left;
    uint64_t words;
    bool begun;
};

/* The text of the last message that a person wrote. */
static text_t asked(const outcrop_provider_types_request_t *request) {
    for (size_t i = request->messages.len; i-- > 0;) {
        const message_t *message = &request->messages.ptr[i];
        if (message->role != OUTCROP_PROVIDER_TYPES_ROLE_USER) continue;
        for (size_t j = 0; j < message->content.len; j++)
            if (message->content.ptr[j].tag == OUTCROP_PROVIDER_TYPES_BLOCK_TEXT)
                return message->content.ptr[j].val.text;
    }
    return (text_t){NULL, 0};
}

bool EXPORT(start_stream)(outcrop_provider_types_request_t *request, EXPORT(own_response_stream_t) *stream,
                          error_t *error) {
    EXPORT(response_stream_t) *answer;
    text_t text = asked(request);
    if (!is(&request->model_id, MODEL))
        return failed(error, OUTCROP_PROVIDER_TYPES_ERROR_CODE_MODEL_NOT_FOUND, "there is no such model here",
                      "ask " MODEL);
    /* What a plugin does not know it must not pass over in silence. */
    if (request->extensions.len > 0)
        return failed(error, OUTCROP_PROVIDER_TYPES_ERROR_CODE_UNSUPPORTED, "echo knows no extension", NULL);
    answer = calloc(1, sizeof *answer);
    answer->left = copy(text.ptr, text.len);
    *stream = EXPORT(response_stream_new)(answer);
    return true;
}

/* Never waits: gives what there is and says what is to come. */
bool EXPORT(method_response_stream_next_chunk)(EXPORT(borrow_response_stream_t) answer,
                                               EXPORT(progress_t) *progress, error_t *error) {
    chunk_t *chunks = calloc(3, sizeof *chunks);
    size_t count = 0, word = 0;
    (void)error;
    if (!answer->begun) {
        answer->begun = true;
        chunks[count++] = (chunk_t){.tag = OUTCROP_PROVIDER_TYPES_CHUNK_STARTED};
        chunks[count++] = (chunk_t){.tag = OUTCROP_PROVIDER_TYPES_CHUNK_BLOCK_START,
                                    .val.block_start = {0, constant("text")}};
    }
    if (answer->left.len > 0) {
        while (word < answer->left.len && answer->left.ptr[word++] != ' ') {}
        chunks[count++] = (chunk_t){.tag = OUTCROP_PROVIDER_TYPES_CHUNK_TEXT_DELTA,
                                    .val.text_delta = {.text = copy(answer->left.ptr, word)}};
        answer->left.ptr += word;
        answer->left.len -= word;
        answer->words++;
        *progress = (EXPORT(progress_t)){{chunks, count}, EXPORTS_OUTCROP_PROVIDER_PROVIDER_NEXT_STEP_AGAIN};
        return true;
    }
    chunks = realloc(chunks, (count + 3) * sizeof *chunks);
    chunks[count++] = (chunk_t){.tag = OUTCROP_PROVIDER_TYPES_CHUNK_BLOCK_END};
    chunks[count++] = (chunk_t){.tag = OUTCROP_PROVIDER_TYPES_CHUNK_USAGE,
                                .val.usage = {.input = answer->words, .output = answer->words}};
    chunks[count++] = (chunk_t){.tag = OUTCROP_PROVIDER_TYPES_CHUNK_FINISHED,
                                .val.finished = {.reason = constant("end-turn"), .raw = constant("end")}};
    *progress = (EXPORT(progress_t)){{chunks, count}, EXPORTS_OUTCROP_PROVIDER_PROVIDER_NEXT_STEP_END};
    return true;
}

/* Dropping the answer drops the instance, and all its memory with it. */
void EXPORT(response_stream_destructor)(EXPORT(response_stream_t) *answer) { (void)answer; }
