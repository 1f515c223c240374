/*
 * Outcrop: Amazon Bedrock for any agent host, as a sandboxed plugin.
 *
 * Generated from the Rust sources by `make header`; do not edit. The rules that hold for every function
 * (who owns what, which thread may call when, how errors are told) are in docs/embedding.md and, in short:
 *
 *  - Handles are opaque. Each kind has an `_free` function that takes NULL. A handle that was freed, or is of
 *    another kind, is the status OUTCROP_INVALID_HANDLE and never a crash: no function looks through it.
 *  - Strings go in as pointer and length (UTF-8, no terminating zero needed). Strings come out as views
 *    (`outcrop_str`), which live until the handle they came from is freed.
 *  - Functions that can fail return an `outcrop_status` and take an `outcrop_error **` last, which may be NULL.
 *    Where the status is an error, and only then, a handle to be freed is stored there. What else
 *    a function gives is stored only where the status is OUTCROP_OK.
 *  - Every handle may be used from any thread; a stream from one thread at a time, except for its
 *    cancellation and its token.
 *  - After fork() a child must not use handles of its parent: every call is OUTCROP_FORKED.
 */

#ifndef OUTCROP_H
#define OUTCROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
// How a host is to be.
typedef struct outcrop_options outcrop_options;

// A loaded plugin with its connections and caches.
typedef struct outcrop_host outcrop_host;

// A list of models.
typedef struct outcrop_models outcrop_models;

// One answer being streamed.
typedef struct outcrop_stream outcrop_stream;

// One step of an answer.
typedef struct outcrop_event outcrop_event;

// Why a call failed.
typedef struct outcrop_error outcrop_error;

// Ends a stream, from any thread and at any time, also after the stream was freed.
typedef struct outcrop_cancel_token outcrop_cancel_token;

// The version of the ABI. It grows when functions are added; what exists does not change.
#define OUTCROP_ABI_VERSION 2

// How a call went. Numbers are never used again for something else.
typedef enum outcrop_status {
  // Done.
  OUTCROP_OK = 0,
  // The stream is over: its terminal event has been taken.
  OUTCROP_END = 1,
  // Nothing has arrived yet, or not within the time allowed.
  OUTCROP_PENDING = 2,
  // A NULL where there must be none, text that is not UTF-8, an unknown option.
  OUTCROP_INVALID_ARGUMENT = 10,
  // A handle that was freed already, or is of another kind.
  OUTCROP_INVALID_HANDLE = 11,
  // A fault of the library, caught at its boundary.
  OUTCROP_PANIC = 12,
  // The process has forked since the handle was made.
  OUTCROP_FORKED = 13,
  // The host that the handle belongs to was freed.
  OUTCROP_SHUT_DOWN = 14,
  // Called from inside a callback of this library.
  OUTCROP_REENTERED = 15,
  // Another thread is using the stream.
  OUTCROP_BUSY = 16,
  // The request is wrong and will stay wrong.
  OUTCROP_INVALID_REQUEST = 101,
  // No credentials, or the service does not believe them.
  OUTCROP_UNAUTHENTICATED = 102,
  // The credentials do not allow it.
  OUTCROP_PERMISSION_DENIED = 103,
  // There is no such model, or not here.
  OUTCROP_MODEL_NOT_FOUND = 104,
  // The model is being made ready.
  OUTCROP_MODEL_NOT_READY = 105,
  // The conversation is longer than the model's window.
  OUTCROP_CONTEXT_TOO_LONG = 106,
  // Too many requests or tokens a minute.
  OUTCROP_RATE_LIMITED = 107,
  // A quota that does not refill in minutes.
  OUTCROP_QUOTA_EXCEEDED = 108,
  // Refused for its content.
  OUTCROP_CONTENT_FILTERED = 109,
  // The service, or this host, has no room now.
  OUTCROP_OVERLOADED = 110,
  // Nothing came in time.
  OUTCROP_TIMEOUT = 111,
  // The caller ended it.
  OUTCROP_CANCELLED = 112,
  // The service could not be reached, or the connection broke.
  OUTCROP_NETWORK = 113,
  // The answer ended before it was complete.
  OUTCROP_TRUNCATED = 114,
  // This provider or model cannot do it.
  OUTCROP_UNSUPPORTED = 115,
  // A fault of the service, the plugin or the host.
  OUTCROP_INTERNAL = 116,
  // None of these.
  OUTCROP_OTHER = 117,
} outcrop_status;

// What an event is. A later version may have more kinds; `outcrop_event_json` tells all of any of them.
typedef enum outcrop_event_kind {
  // No event: the handle is NULL or stale.
  OUTCROP_EVENT_NONE = 0,
  // The service took the request.
  OUTCROP_EVENT_START = 1,
  // A text block begins.
  OUTCROP_EVENT_TEXT_START = 2,
  // More text: `outcrop_event_delta`.
  OUTCROP_EVENT_TEXT_DELTA = 3,
  // A text block is whole.
  OUTCROP_EVENT_TEXT_END = 4,
  // A block of reasoning begins.
  OUTCROP_EVENT_THINKING_START = 5,
  // More reasoning: `outcrop_event_delta`.
  OUTCROP_EVENT_THINKING_DELTA = 6,
  // A block of reasoning is whole.
  OUTCROP_EVENT_THINKING_END = 7,
  // A tool call begins.
  OUTCROP_EVENT_TOOLCALL_START = 8,
  // More of a tool call's arguments, a fragment of JSON text: `outcrop_event_delta`.
  OUTCROP_EVENT_TOOLCALL_DELTA = 9,
  // A tool call is whole.
  OUTCROP_EVENT_TOOLCALL_END = 10,
  // A block of another kind begins.
  OUTCROP_EVENT_BLOCK_START = 11,
  // More of a block of another kind, or a citation.
  OUTCROP_EVENT_BLOCK_DELTA = 12,
  // A block of another kind is whole.
  OUTCROP_EVENT_BLOCK_END = 13,
  // What the answer has cost so far.
  OUTCROP_EVENT_USAGE = 14,
  // The request was changed so that the model takes it.
  OUTCROP_EVENT_REWRITTEN = 15,
  // Something else that the plugin told.
  OUTCROP_EVENT_EXTENSION = 16,
  // The answer is complete. Nothing follows.
  OUTCROP_EVENT_DONE = 17,
  // The answer failed: `outcrop_event_status`. Nothing follows.
  OUTCROP_EVENT_ERROR = 18,
  // A kind that this version has no number for.
  OUTCROP_EVENT_OTHER = 99,
} outcrop_event_kind;

// How weighty a line is.
typedef enum outcrop_log_level {
  // Something failed.
  OUTCROP_LOG_ERROR = 1,
  // Something is wrong and was got around.
  OUTCROP_LOG_WARN = 2,
  // What an operator wants to know: a second attempt, for one.
  OUTCROP_LOG_INFO = 3,
  // What a developer wants to know.
  OUTCROP_LOG_DEBUG = 4,
  // Everything.
  OUTCROP_LOG_TRACE = 5,
} outcrop_log_level;

// Text that belongs to a handle: UTF-8, not terminated, to be read until the handle is freed.
// `data` is NULL where there is none.
typedef struct outcrop_str {
  // The first byte.
  const char *data;
  // Bytes.
  size_t len;
} outcrop_str;

// Takes a line of the log: its level, where it comes from, and the text; neither is terminated, and both are gone
// when the function returns. Called on any thread, one call at a time.
typedef void (*outcrop_log_callback)(void *user_data,
                                     enum outcrop_log_level level,
                                     const char *target,
                                     size_t target_len,
                                     const char *line,
                                     size_t line_len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the ABI that this library offers: `OUTCROP_ABI_VERSION` of the header it was built with.
uint32_t outcrop_abi_version(void);

// The library's version, such as "0.1.0", with a terminating zero. Never NULL, never to be freed.
const char *outcrop_version_string(void);

// The status that the failed call returned.
enum outcrop_status outcrop_error_status(const outcrop_error *error);

// What happened, for a person.
struct outcrop_str outcrop_error_message(const outcrop_error *error);

// What a person can do about it; none where that is not known.
struct outcrop_str outcrop_error_remedy(const outcrop_error *error);

// The provider's own code, such as "ThrottlingException"; none where there is none.
struct outcrop_str outcrop_error_provider_code(const outcrop_error *error);

// The provider's name for the failed request; none where there is none.
struct outcrop_str outcrop_error_request_id(const outcrop_error *error);

// The status of the HTTP answer; 0 where there was none.
uint16_t outcrop_error_http_status(const outcrop_error *error);

// How long the provider asks to wait, in milliseconds; -1 where it does not say.
int64_t outcrop_error_retry_after_ms(const outcrop_error *error);

// Whether any part of the answer had been handed over.
bool outcrop_error_delivered(const outcrop_error *error);

// Whether the same request can simply be sent again: it may succeed, and nothing was delivered.
bool outcrop_error_retryable(const outcrop_error *error);

// Frees an error. NULL is nothing to do.
void outcrop_error_free(outcrop_error *error);

// What the event is.
enum outcrop_event_kind outcrop_event_get_kind(const outcrop_event *event);

// Which block of content the event is about, from 0; -1 where it is about none.
int64_t outcrop_event_index(const outcrop_event *event);

// What is new in a delta of text, reasoning or arguments, not copied; none in other events.
struct outcrop_str outcrop_event_delta(const outcrop_event *event);

// Whether nothing follows the event.
bool outcrop_event_is_terminal(const outcrop_event *event);

// What an error event tells, as a number; OUTCROP_OK for other events.
enum outcrop_status outcrop_event_status(const outcrop_event *event);

// Why the answer failed, as an error of its own, to be freed; NULL for events that are none. Since version 2.
outcrop_error *outcrop_event_error(const outcrop_event *event);

// All of the event, as JSON: the same as a line of `outcrop chat --json`.
struct outcrop_str outcrop_event_json(const outcrop_event *event);

// Frees an event. NULL is nothing to do.
void outcrop_event_free(outcrop_event *event);

// Makes a host and stores it in `host`, to be freed. `options` may be NULL: then everything is at its default.
// The plugin is compiled where no compiled form is cached, which takes a good part of a second.
enum outcrop_status outcrop_host_new(const outcrop_options *options,
                                     outcrop_host **host,
                                     outcrop_error **error);

// Lists the models on offer and stores the list in `models`, to be freed. Asks AWS where no fresh listing is
// cached. `timeout_ms` bounds the wait; a negative number sets no bound. OUTCROP_SHUT_DOWN where the host is freed
// meanwhile.
enum outcrop_status outcrop_host_list_models(const outcrop_host *host,
                                             int64_t timeout_ms,
                                             outcrop_models **models,
                                             outcrop_error **error);

// Reads the host's configuration file anew and replaces the plugins whose file, pin, limits or settings are others now;
// streams that run end on the plugin that they began with. A host that was given its configuration as text reads the
// plugins' files anew. Takes as long as `outcrop_host_new`. Where a new plugin is not fit the present one stays and the
// error tells why; others may have been replaced.
enum outcrop_status outcrop_host_reload_plugins(const outcrop_host *host,
                                                outcrop_error **error);

// Starts an answer and stores its stream in `stream`, to be freed. `request` is JSON (docs/request.md) of
// `request_len` bytes. Nothing is sent before the first event is asked for. A request that is no request is an error
// of this function; what goes wrong after that is the stream's last event.
enum outcrop_status outcrop_host_start_stream(const outcrop_host *host,
                                              const char *request,
                                              size_t request_len,
                                              outcrop_stream **stream,
                                              outcrop_error **error);

// Frees a host. Its streams and listings end, also those that another thread waits for: OUTCROP_SHUT_DOWN. Its
// threads are stopped before this returns. NULL is nothing to do.
void outcrop_host_free(outcrop_host *host);

// How many models are in the list.
size_t outcrop_models_count(const outcrop_models *models);

// The id of a model: what to write into the "model" of a request. None past the end.
struct outcrop_str outcrop_models_id(const outcrop_models *models, size_t index);

// All that is known of a model, as JSON. None past the end.
struct outcrop_str outcrop_models_json(const outcrop_models *models, size_t index);

// How many things kept models from the list: a missing permission, for one.
size_t outcrop_models_problem_count(const outcrop_models *models);

// What kept models from the list: an error, as JSON. None past the end.
struct outcrop_str outcrop_models_problem_json(const outcrop_models *models, size_t index);

// Frees a list of models. NULL is nothing to do.
void outcrop_models_free(outcrop_models *models);

// Makes options, all at their defaults, to be freed. NULL where there is no memory for them.
outcrop_options *outcrop_options_new(void);

// Sets an option that takes text: "region", "profile", "endpoint", "plugin_file", "cache_folder",
// "config_file" (a path) or "config_text" (JSON5; docs/configuration.md), "settings", "guardrail" and "fallbacks" (all
// JSON), "access_key_id", "secret_access_key", "session_token".
enum outcrop_status outcrop_options_set_text(const outcrop_options *options,
                                             const char *name,
                                             size_t name_len,
                                             const char *value,
                                             size_t value_len,
                                             outcrop_error **error);

// Sets an option that takes a number: "connect_timeout_ms", "attempts", "worker_threads",
// "limit_memory_bytes", "limit_host_call_bytes", "limit_handles", "limit_call_time_ms", "limit_streams",
// "limit_process_streams", "limit_queued_streams", "limit_queue_time_ms", "limit_component_bytes",
// "limit_answer_bytes", "limit_cpu_share" (percent), "limit_table_elements", "limit_bridge_calls", "limit_log_lines",
// "limit_log_line_bytes", "adaptive_rate" (0 or 1; docs/reliability.md), and "signal_handlers": 0 where the library is
// to install no handlers of signals (docs/embedding.md).
enum outcrop_status outcrop_options_set_number(const outcrop_options *options,
                                               const char *name,
                                               size_t name_len,
                                               uint64_t value,
                                               outcrop_error **error);

// Has lines of the log, up to a level (an `outcrop_log_level`), given to `callback` with `user_data`. NULL takes
// it away. No line holds a prompt, an answer or a key. Until the host is freed, the callback may be called on any
// thread; functions of this library answer OUTCROP_REENTERED inside it.
enum outcrop_status outcrop_options_set_log(const outcrop_options *options,
                                            uint32_t most,
                                            outcrop_log_callback callback,
                                            void *user_data,
                                            outcrop_error **error);

// Frees options. Hosts made with them stay as they are. NULL is nothing to do.
void outcrop_options_free(outcrop_options *options);

// Waits for the next event and stores it in `event`, to be freed.
//
// `timeout_ms` bounds the wait: 0 does not wait, a negative number waits for ever. OUTCROP_PENDING when nothing
// came in time, OUTCROP_END after the terminal event. A failed answer is an event too (OUTCROP_EVENT_ERROR); an
// error of this function is about the call. A cancelled stream ends at once.
enum outcrop_status outcrop_stream_next(const outcrop_stream *stream,
                                        int64_t timeout_ms,
                                        outcrop_event **event,
                                        outcrop_error **error);

// Takes the next event if there is one; never waits. OUTCROP_PENDING arms the descriptor and the callback: call
// again, until OUTCROP_PENDING, when the one is readable or the other has been called.
enum outcrop_status outcrop_stream_try_next(const outcrop_stream *stream,
                                            outcrop_event **event,
                                            outcrop_error **error);

// Stores in `descriptor` one end of a socket pair that becomes readable when `outcrop_stream_try_next` may have
// more after OUTCROP_PENDING. It is a duplicate and belongs to the caller, who closes it. What is read from it
// means nothing, and need not be read: the next `outcrop_stream_try_next` does that.
enum outcrop_status outcrop_stream_descriptor(const outcrop_stream *stream,
                                              int *descriptor,
                                              outcrop_error **error);

// Has `callback` called with `user_data`, once after each OUTCROP_PENDING of `outcrop_stream_try_next`, when there
// may be more. It is called on any thread, also on the one that is inside `outcrop_stream_try_next`, and must
// return soon; functions of this library answer OUTCROP_REENTERED inside it. NULL takes it away. It is not called
// any more once this function, with NULL, or `outcrop_stream_free` has returned.
enum outcrop_status outcrop_stream_set_wakeup(const outcrop_stream *stream,
                                              void (*callback)(void *user_data),
                                              void *user_data,
                                              outcrop_error **error);

// Ends the stream, from any thread: its connection is closed, a blocked `outcrop_stream_next` returns at once, and
// the stream's last event is an error with the status OUTCROP_CANCELLED. A stream that has ended stays as it is.
enum outcrop_status outcrop_stream_cancel(const outcrop_stream *stream,
                                          outcrop_error **error);

// Stores in `token` what `outcrop_cancel_token_cancel` takes, to be freed on its own. It outlives the stream.
enum outcrop_status outcrop_stream_cancel_token(const outcrop_stream *stream,
                                                outcrop_cancel_token **token,
                                                outcrop_error **error);

// Ends the token's stream, as `outcrop_stream_cancel`. Safe from any thread at any moment; a stream that has ended
// or was freed is nothing to do.
enum outcrop_status outcrop_cancel_token_cancel(const outcrop_cancel_token *token);

// Frees a token. Its stream goes on. NULL is nothing to do.
void outcrop_cancel_token_free(outcrop_cancel_token *token);

// Frees a stream; one that has not ended is cancelled. Events that were taken from it stay. NULL is nothing to do.
void outcrop_stream_free(outcrop_stream *stream);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OUTCROP_H */
