// Outcrop for C++17: the handles of outcrop.h as move-only objects, errors as exceptions, events by iteration.
//
//     outcrop::Host host(outcrop::Options().set("region", "us-east-1"));
//     for (const outcrop::Event &event : host.stream(R"({"model":"...","messages":[...]})"))
//         std::cout << event.delta();
//
// The rules of docs/embedding.md hold: everything may be used from any thread, a stream by one at a time. Views
// live as long as the object that they came from. What is here adds nothing to the library: it is all inline.

#ifndef OUTCROP_HPP
#define OUTCROP_HPP

#include <outcrop.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace outcrop {

// A wait without end.
inline constexpr std::chrono::milliseconds forever{-1};

namespace detail {

template <typename T, void (*free)(T *)> struct Free {
    void operator()(T *handle) const noexcept { free(handle); }
};

template <typename T, void (*free)(T *)> using Handle = std::unique_ptr<T, Free<T, free>>;

inline std::string_view view(outcrop_str text) noexcept {
    return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.len);
}

} // namespace detail

// Why a call or an answer failed. `what()` is the message.
class Error : public std::runtime_error {
public:
    // Takes the handle over.
    explicit Error(outcrop_error *error)
        : std::runtime_error(std::string(detail::view(outcrop_error_message(error)))),
          handle_(error, outcrop_error_free) {}

    outcrop_status status() const noexcept { return outcrop_error_status(handle_.get()); }
    // What a person can do about it; empty where that is not known. So are the next two.
    std::string_view remedy() const noexcept { return detail::view(outcrop_error_remedy(handle_.get())); }
    std::string_view provider_code() const noexcept {
        return detail::view(outcrop_error_provider_code(handle_.get()));
    }
    std::string_view request_id() const noexcept {
        return detail::view(outcrop_error_request_id(handle_.get()));
    }
    // 0 where there was no HTTP answer.
    std::uint16_t http_status() const noexcept { return outcrop_error_http_status(handle_.get()); }
    std::optional<std::chrono::milliseconds> retry_after() const noexcept {
        const std::int64_t time = outcrop_error_retry_after_ms(handle_.get());
        return time < 0 ? std::nullopt : std::optional(std::chrono::milliseconds(time));
    }
    // Whether any part of the answer had been handed over.
    bool delivered() const noexcept { return outcrop_error_delivered(handle_.get()); }
    // Whether the same request can simply be sent again.
    bool retryable() const noexcept { return outcrop_error_retryable(handle_.get()); }

private:
    // Shared, because exceptions are copied.
    std::shared_ptr<outcrop_error> handle_;
};

namespace detail {

// Statuses below OUTCROP_INVALID_ARGUMENT are no errors. By reference: arguments are evaluated in any order.
inline outcrop_status check(outcrop_status status, outcrop_error *const &error) {
    if (status >= OUTCROP_INVALID_ARGUMENT) throw Error(error);
    return status;
}

} // namespace detail

// How a host is to be; the names are those of outcrop_options_set_text and outcrop_options_set_number.
class Options {
public:
    Options() : handle_(outcrop_options_new()) {
        if (!handle_) throw std::bad_alloc();
    }

    Options &set(std::string_view name, std::string_view value) {
        outcrop_error *error = nullptr;
        detail::check(outcrop_options_set_text(handle_.get(), name.data(), name.size(), value.data(),
                                               value.size(), &error),
                      error);
        return *this;
    }

    Options &set(std::string_view name, std::uint64_t value) {
        outcrop_error *error = nullptr;
        detail::check(
            outcrop_options_set_number(handle_.get(), name.data(), name.size(), value, &error), error);
        return *this;
    }

    // `user_data` is to outlive the hosts that are made with it.
    Options &log(outcrop_log_level most, outcrop_log_callback callback, void *user_data = nullptr) {
        outcrop_error *error = nullptr;
        detail::check(outcrop_options_set_log(handle_.get(), most, callback, user_data, &error), error);
        return *this;
    }

    const outcrop_options *get() const noexcept { return handle_.get(); }

private:
    detail::Handle<outcrop_options, outcrop_options_free> handle_;
};

// One step of an answer.
class Event {
public:
    Event() = default;
    explicit Event(outcrop_event *event) noexcept : handle_(event) {}

    outcrop_event_kind kind() const noexcept { return outcrop_event_get_kind(handle_.get()); }
    // Which block of content it is about; -1 where it is about none.
    std::int64_t index() const noexcept { return outcrop_event_index(handle_.get()); }
    // What is new in a delta of text, reasoning or arguments; empty in other events.
    std::string_view delta() const noexcept { return detail::view(outcrop_event_delta(handle_.get())); }
    // All of it.
    std::string_view json() const noexcept { return detail::view(outcrop_event_json(handle_.get())); }

private:
    detail::Handle<outcrop_event, outcrop_event_free> handle_;
};

// Ends a stream, from any thread and at any time, also after the stream is gone.
class CancelToken {
public:
    explicit CancelToken(outcrop_cancel_token *token) noexcept : handle_(token) {}

    void cancel() const noexcept { outcrop_cancel_token_cancel(handle_.get()); }

private:
    detail::Handle<outcrop_cancel_token, outcrop_cancel_token_free> handle_;
};

// One answer being streamed. A failed answer is an exception of `next` and its like.
class Stream {
public:
    explicit Stream(outcrop_stream *stream) noexcept : handle_(stream) {}

    // Waits for the next event; none when the answer is complete.
    std::optional<Event> next() {
        Event event;
        return next(event, forever) == OUTCROP_OK ? std::optional(std::move(event)) : std::nullopt;
    }

    // The same within a time: OUTCROP_OK with an event, OUTCROP_PENDING or OUTCROP_END without.
    outcrop_status next(Event &event, std::chrono::milliseconds time) {
        outcrop_event *taken = nullptr;
        outcrop_error *error = nullptr;
        return take(outcrop_stream_next(handle_.get(), time.count(), &taken, &error), taken, error, event);
    }

    // Never waits; OUTCROP_PENDING arms the descriptor and the callback.
    outcrop_status try_next(Event &event) {
        outcrop_event *taken = nullptr;
        outcrop_error *error = nullptr;
        return take(outcrop_stream_try_next(handle_.get(), &taken, &error), taken, error, event);
    }

    // A descriptor to watch, which belongs to the caller.
    int descriptor() const {
        int descriptor = -1;
        outcrop_error *error = nullptr;
        detail::check(outcrop_stream_descriptor(handle_.get(), &descriptor, &error), error);
        return descriptor;
    }

    void set_wakeup(void (*callback)(void *), void *user_data = nullptr) {
        outcrop_error *error = nullptr;
        detail::check(outcrop_stream_set_wakeup(handle_.get(), callback, user_data, &error), error);
    }

    // From any thread. The stream then ends with an Error of the status OUTCROP_CANCELLED.
    void cancel() const noexcept { outcrop_stream_cancel(handle_.get(), nullptr); }

    CancelToken cancel_token() const {
        outcrop_cancel_token *token = nullptr;
        outcrop_error *error = nullptr;
        detail::check(outcrop_stream_cancel_token(handle_.get(), &token, &error), error);
        return CancelToken(token);
    }

    // Over the events that are left.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Event;
        using difference_type = std::ptrdiff_t;
        using pointer = const Event *;
        using reference = const Event &;

        Iterator() = default;
        explicit Iterator(Stream &stream) : stream_(&stream) { ++*this; }

        reference operator*() const noexcept { return event_; }
        pointer operator->() const noexcept { return &event_; }
        Iterator &operator++() {
            if (stream_->next(event_, forever) != OUTCROP_OK) stream_ = nullptr;
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(const Iterator &other) const noexcept { return stream_ == other.stream_; }
        bool operator!=(const Iterator &other) const noexcept { return stream_ != other.stream_; }

    private:
        Stream *stream_ = nullptr;
        Event event_;
    };

    Iterator begin() { return Iterator(*this); }
    Iterator end() { return Iterator(); }

private:
    static outcrop_status take(outcrop_status status, outcrop_event *const &taken,
                               outcrop_error *const &error, Event &event) {
        detail::check(status, error);
        event = Event(taken);
        if (status == OUTCROP_OK && event.kind() == OUTCROP_EVENT_ERROR)
            throw Error(outcrop_event_error(taken));
        return status;
    }

    detail::Handle<outcrop_stream, outcrop_stream_free> handle_;
};

// A list of models.
class Models {
public:
    explicit Models(outcrop_models *models) noexcept : handle_(models) {}

    std::size_t size() const noexcept { return outcrop_models_count(handle_.get()); }
    // Empty past the end, like the others.
    std::string_view id(std::size_t index) const noexcept {
        return detail::view(outcrop_models_id(handle_.get(), index));
    }
    std::string_view json(std::size_t index) const noexcept {
        return detail::view(outcrop_models_json(handle_.get(), index));
    }
    // What kept models from the list.
    std::size_t problems() const noexcept { return outcrop_models_problem_count(handle_.get()); }
    std::string_view problem(std::size_t index) const noexcept {
        return detail::view(outcrop_models_problem_json(handle_.get(), index));
    }

private:
    detail::Handle<outcrop_models, outcrop_models_free> handle_;
};

// A loaded plugin with its connections and caches.
class Host {
public:
    explicit Host(const Options &options = Options()) {
        outcrop_host *host = nullptr;
        outcrop_error *error = nullptr;
        detail::check(outcrop_host_new(options.get(), &host, &error), error);
        handle_.reset(host);
    }

    Models models(std::chrono::milliseconds time = forever) const {
        outcrop_models *models = nullptr;
        outcrop_error *error = nullptr;
        detail::check(outcrop_host_list_models(handle_.get(), time.count(), &models, &error), error);
        return Models(models);
    }

    // Starts an answer. The request is the JSON of docs/request.md.
    Stream stream(std::string_view request) const {
        outcrop_stream *stream = nullptr;
        outcrop_error *error = nullptr;
        detail::check(
            outcrop_host_start_stream(handle_.get(), request.data(), request.size(), &stream, &error),
            error);
        return Stream(stream);
    }

private:
    detail::Handle<outcrop_host, outcrop_host_free> handle_;
};

} // namespace outcrop

#endif
