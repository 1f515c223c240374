// Package outcrop asks Amazon Bedrock through liboutcrop.
//
// A Host may be used by all goroutines, a Stream by one at a time. The end of a Stream's context ends the stream.
package outcrop

/*
#cgo LDFLAGS: -loutcrop
#include <outcrop.h>

// Handles are numbers in the clothes of pointers: they cross as numbers, so that the garbage collector never
// takes one for an address in its heap.
#define H(type, handle) ((outcrop_##type *)(handle))

static uintptr_t options_new(void) { return (uintptr_t)outcrop_options_new(); }
static void options_free(uintptr_t options) { outcrop_options_free(H(options, options)); }
static outcrop_status set_text(uintptr_t options, _GoString_ name, _GoString_ value, uintptr_t *error) {
    return outcrop_options_set_text(H(options, options), _GoStringPtr(name), _GoStringLen(name),
                                    _GoStringPtr(value), _GoStringLen(value), (outcrop_error **)error);
}
static outcrop_status set_number(uintptr_t options, _GoString_ name, uint64_t value, uintptr_t *error) {
    return outcrop_options_set_number(H(options, options), _GoStringPtr(name), _GoStringLen(name), value,
                                      (outcrop_error **)error);
}
static outcrop_status host_new(uintptr_t options, uintptr_t *host, uintptr_t *error) {
    return outcrop_host_new(H(options, options), (outcrop_host **)host, (outcrop_error **)error);
}
static void host_free(uintptr_t host) { outcrop_host_free(H(host, host)); }
static outcrop_status list_models(uintptr_t host, uintptr_t *models, uintptr_t *error) {
    return outcrop_host_list_models(H(host, host), -1, (outcrop_models **)models, (outcrop_error **)error);
}
static size_t models_count(uintptr_t models) { return outcrop_models_count(H(models, models)); }
static outcrop_str models_id(uintptr_t models, size_t i) { return outcrop_models_id(H(models, models), i); }
static void models_free(uintptr_t models) { outcrop_models_free(H(models, models)); }
static outcrop_status start_stream(uintptr_t host, _GoString_ request, uintptr_t *stream, uintptr_t *error) {
    return outcrop_host_start_stream(H(host, host), _GoStringPtr(request), _GoStringLen(request),
                                     (outcrop_stream **)stream, (outcrop_error **)error);
}
static outcrop_status next(uintptr_t stream, uintptr_t *event, uintptr_t *error) {
    return outcrop_stream_next(H(stream, stream), -1, (outcrop_event **)event, (outcrop_error **)error);
}
static outcrop_status cancel_token(uintptr_t stream, uintptr_t *token, uintptr_t *error) {
    return outcrop_stream_cancel_token(H(stream, stream), (outcrop_cancel_token **)token,
                                       (outcrop_error **)error);
}
static void cancel(uintptr_t token) { outcrop_cancel_token_cancel(H(cancel_token, token)); }
static void token_free(uintptr_t token) { outcrop_cancel_token_free(H(cancel_token, token)); }
static void stream_free(uintptr_t stream) { outcrop_stream_free(H(stream, stream)); }

struct event {
    outcrop_event_kind kind;
    int64_t index;
    outcrop_str delta, json;
};
static struct event read_event(uintptr_t event) {
    return (struct event){outcrop_event_get_kind(H(event, event)), outcrop_event_index(H(event, event)),
                          outcrop_event_delta(H(event, event)), outcrop_event_json(H(event, event))};
}
static uintptr_t event_error(uintptr_t event) { return (uintptr_t)outcrop_event_error(H(event, event)); }
static void event_free(uintptr_t event) { outcrop_event_free(H(event, event)); }

struct error {
    outcrop_status status;
    outcrop_str message, remedy, provider_code, request_id;
    uint16_t http_status;
    int64_t retry_after_ms;
    bool delivered, retryable;
};
static struct error read_error(uintptr_t handle) {
    outcrop_error *e = H(error, handle);
    return (struct error){outcrop_error_status(e),        outcrop_error_message(e),
                          outcrop_error_remedy(e),        outcrop_error_provider_code(e),
                          outcrop_error_request_id(e),    outcrop_error_http_status(e),
                          outcrop_error_retry_after_ms(e), outcrop_error_delivered(e),
                          outcrop_error_retryable(e)};
}
static void error_free(uintptr_t error) { outcrop_error_free(H(error, error)); }
*/
import "C"

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"
	"unsafe"
)

// Kind says what an Event is.
type Kind int

// The kinds that most programs look at; Event.JSON tells all of any of them.
const (
	Start         Kind = C.OUTCROP_EVENT_START
	TextDelta     Kind = C.OUTCROP_EVENT_TEXT_DELTA
	ThinkingDelta Kind = C.OUTCROP_EVENT_THINKING_DELTA
	ToolcallEnd   Kind = C.OUTCROP_EVENT_TOOLCALL_END
	Usage         Kind = C.OUTCROP_EVENT_USAGE
	Rewritten     Kind = C.OUTCROP_EVENT_REWRITTEN
	Done          Kind = C.OUTCROP_EVENT_DONE
)

// Status is the class of an Error: an outcrop_status.
type Status int

// The classes that most programs decide by.
const (
	InvalidArgument Status = C.OUTCROP_INVALID_ARGUMENT
	ShutDown        Status = C.OUTCROP_SHUT_DOWN
	InvalidRequest  Status = C.OUTCROP_INVALID_REQUEST
	Unauthenticated Status = C.OUTCROP_UNAUTHENTICATED
	RateLimited     Status = C.OUTCROP_RATE_LIMITED
	Overloaded      Status = C.OUTCROP_OVERLOADED
	Truncated       Status = C.OUTCROP_TRUNCATED
)

// Error is why a call or an answer failed.
type Error struct {
	Status       Status
	Message      string
	Remedy       string
	ProviderCode string
	RequestID    string
	HTTPStatus   int
	// RetryAfter is negative where the provider does not say.
	RetryAfter time.Duration
	// Delivered tells whether any part of the answer had been handed over.
	Delivered bool
	// Retryable tells whether the same request can simply be sent again.
	Retryable bool
}

func (e *Error) Error() string { return e.Message }

// Event is one step of an answer.
type Event struct {
	Kind Kind
	// Index is the block of content that it is about, -1 where it is about none.
	Index int64
	// Delta is what is new in a delta of text, reasoning or arguments.
	Delta string
	// JSON is all of it.
	JSON string
}

// Option changes how a Host is to be.
type Option func(options C.uintptr_t) error

// Text sets an option that takes text: "region", "endpoint", "config_file" and others.
func Text(name, value string) Option {
	return func(options C.uintptr_t) error {
		var failure C.uintptr_t
		return check(C.set_text(options, name, value, &failure), &failure)
	}
}

// Number sets an option that takes a number: "attempts", "limit_streams" and others.
func Number(name string, value uint64) Option {
	return func(options C.uintptr_t) error {
		var failure C.uintptr_t
		return check(C.set_number(options, name, C.uint64_t(value), &failure), &failure)
	}
}

// Host is a loaded plugin with its connections and caches.
type Host struct{ handle C.uintptr_t }

// New makes a host, to be closed.
func New(options ...Option) (*Host, error) {
	handle := C.options_new()
	defer C.options_free(handle)
	for _, option := range options {
		if err := option(handle); err != nil {
			return nil, err
		}
	}
	var host, failure C.uintptr_t
	if err := check(C.host_new(handle, &host, &failure), &failure); err != nil {
		return nil, err
	}
	return &Host{host}, nil
}

// Close ends the host and its streams. Closing twice is nothing to do.
func (h *Host) Close() { C.host_free(h.handle) }

// Models lists the ids of the models on offer.
func (h *Host) Models() ([]string, error) {
	var models, failure C.uintptr_t
	if err := check(C.list_models(h.handle, &models, &failure), &failure); err != nil {
		return nil, err
	}
	defer C.models_free(models)
	ids := make([]string, C.models_count(models))
	for i := range ids {
		ids[i] = text(C.models_id(models, C.size_t(i)))
	}
	return ids, nil
}

// Stream is one answer being streamed.
type Stream struct {
	handle C.uintptr_t
	ctx    context.Context
	closed chan struct{}
	once   sync.Once
}

// Stream starts an answer, to be closed. The request is what docs/request.md says, as anything that
// encoding/json makes that of.
func (h *Host) Stream(ctx context.Context, request any) (*Stream, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	var stream, token, failure C.uintptr_t
	if err := check(C.start_stream(h.handle, string(body), &stream, &failure), &failure); err != nil {
		return nil, err
	}
	if err := check(C.cancel_token(stream, &token, &failure), &failure); err != nil {
		C.stream_free(stream)
		return nil, err
	}
	s := &Stream{handle: stream, ctx: ctx, closed: make(chan struct{})}
	go func() {
		// The token outlives the stream, so that neither needs to wait for the other.
		defer C.token_free(token)
		select {
		case <-ctx.Done():
			C.cancel(token)
		case <-s.closed:
		}
	}()
	return s, nil
}

// Next waits for the next event: io.EOF after a complete answer, an *Error for one that failed, the context's error
// where that has ended.
func (s *Stream) Next() (*Event, error) {
	var event, failure C.uintptr_t
	status := C.next(s.handle, &event, &failure)
	if status == C.OUTCROP_END {
		return nil, io.EOF
	}
	if err := check(status, &failure); err != nil {
		return nil, err
	}
	defer C.event_free(event)
	if failure = C.event_error(event); failure != 0 {
		err := take(failure)
		if s.ctx.Err() != nil {
			err = s.ctx.Err()
		}
		return nil, err
	}
	read := C.read_event(event)
	return &Event{Kind(read.kind), int64(read.index), text(read.delta), text(read.json)}, nil
}

// Close ends the stream, if it has not. Closing twice is nothing to do.
func (s *Stream) Close() {
	s.once.Do(func() { close(s.closed) })
	C.stream_free(s.handle)
}

// Statuses below OUTCROP_INVALID_ARGUMENT are no errors.
func check(status C.outcrop_status, failure *C.uintptr_t) error {
	if status < C.OUTCROP_INVALID_ARGUMENT {
		return nil
	}
	return take(*failure)
}

// Copies an error and frees it.
func take(failure C.uintptr_t) error {
	defer C.error_free(failure)
	e := C.read_error(failure)
	return &Error{
		Status:       Status(e.status),
		Message:      text(e.message),
		Remedy:       text(e.remedy),
		ProviderCode: text(e.provider_code),
		RequestID:    text(e.request_id),
		HTTPStatus:   int(e.http_status),
		RetryAfter:   time.Duration(e.retry_after_ms) * time.Millisecond,
		Delivered:    bool(e.delivered),
		Retryable:    bool(e.retryable),
	}
}

func text(view C.outcrop_str) string {
	return C.GoStringN((*C.char)(unsafe.Pointer(view.data)), C.int(view.len))
}
