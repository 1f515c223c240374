// What outcrop.hpp promises: move-only owners, errors that say all, events by iteration, cancellation from a thread.
#include <outcrop.hpp>

#include <cstdlib>
#include <iostream>
#include <thread>
#include <type_traits>

#include <poll.h>
#include <unistd.h>

#define CHECK(condition)                                                                     \
    do {                                                                                     \
        if (!(condition)) {                                                                  \
            std::cerr << __FILE__ << ':' << __LINE__ << ": " #condition << std::endl;        \
            std::exit(1);                                                                    \
        }                                                                                    \
    } while (false)

template <typename T> constexpr bool move_only = std::is_nothrow_move_constructible_v<T> &&
                                                 std::is_nothrow_move_assignable_v<T> &&
                                                 !std::is_copy_constructible_v<T>;
static_assert(move_only<outcrop::Host> && move_only<outcrop::Stream> && move_only<outcrop::Event>);
static_assert(move_only<outcrop::Models> && move_only<outcrop::CancelToken> && move_only<outcrop::Options>);
static_assert(std::is_nothrow_copy_constructible_v<outcrop::Error>);

static std::string request(const std::string &prompt) {
    return R"({"model":"amazon-bedrock/sim.text-v1:0","messages":[{"role":"user","content":")" + prompt + R"("}]})";
}

template <typename Call> static outcrop::Error error_of(Call call) {
    try {
        call();
    } catch (const outcrop::Error &error) {
        return error;
    }
    std::cerr << "no error" << std::endl;
    std::exit(1);
}

static std::string text_of(outcrop::Stream stream) {
    std::string text;
    for (const outcrop::Event &event : stream) {
        CHECK(event.json().front() == '{');
        if (event.kind() == OUTCROP_EVENT_TEXT_DELTA) text += event.delta();
    }
    return text;
}

int main(int, char **argv) {
    const auto options = [&] { return std::move(outcrop::Options().set("endpoint", argv[1])); };
    outcrop::Host first{options().set("attempts", 1)};
    outcrop::Host host = std::move(first);

    CHECK(text_of(host.stream(request("sim:text Where the bedrock shows."))) == "Where the bedrock shows.");

    const outcrop::Models models = host.models();
    CHECK(models.size() > 0 && models.id(0).substr(0, 15) == "amazon-bedrock/" && models.problems() == 0);
    CHECK(models.json(0).front() == '{' && models.id(models.size()).empty() && models.problem(0).empty());

    // Errors of calls, and of answers.
    CHECK(error_of([&] { options().set("colour", "red"); }).status() == OUTCROP_INVALID_ARGUMENT);
    CHECK(error_of([&] { host.stream("{"); }).status() == OUTCROP_INVALID_REQUEST);
    CHECK(error_of([&] { first.models(); }).status() == OUTCROP_INVALID_ARGUMENT);
    const outcrop::Error throttled =
        error_of([&] { text_of(host.stream(request("sim:throttling amz-retry-after=1500"))); });
    CHECK(throttled.status() == OUTCROP_RATE_LIMITED && throttled.retryable() && !throttled.delivered());
    CHECK(throttled.provider_code() == "ThrottlingException" && throttled.http_status() == 429);
    CHECK(!throttled.request_id().empty() && *throttled.what() != '\0');
    CHECK(throttled.retry_after() == std::chrono::milliseconds(1500));
    const outcrop::Error cut = error_of([&] { text_of(host.stream(request("sim:early-end after=2"))); });
    CHECK(cut.status() == OUTCROP_TRUNCATED && cut.delivered() && !cut.retry_after());

    // An event loop's view.
    outcrop::Stream watched = host.stream(request("sim:text first-frame-after=20 Soon."));
    pollfd place = {watched.descriptor(), POLLIN, 0};
    outcrop::Event event;
    outcrop_status status;
    std::string text;
    while ((status = watched.try_next(event)) != OUTCROP_END) {
        if (status == OUTCROP_PENDING) CHECK(poll(&place, 1, 30000) == 1);
        else text += event.delta();
    }
    close(place.fd);
    CHECK(text == "Soon.");

    // Cancelled by another thread while this one waits.
    outcrop::Stream silent = host.stream(request("sim:silence after=0"));
    CHECK(silent.next(event, std::chrono::milliseconds(0)) == OUTCROP_PENDING);
    std::thread other([token = silent.cancel_token()] { token.cancel(); });
    CHECK(error_of([&] { while (silent.next()) {} }).status() == OUTCROP_CANCELLED);
    other.join();
    CHECK(!silent.next());
    std::cout << "ok\n";
    return 0;
}
