//! The cases, as data.

use bedrock_sim::Tls;
use bedrock_sim::raw::Act;

use super::proxy::Proxy;

/// A fault, and the end that it must have.
pub(super) struct Case {
    /// What it is carried by, for a person.
    pub(super) over: &'static str,
    /// The prompt, which tells the simulator what to do; for other servers what they do.
    pub(super) fault: &'static str,
    pub(super) server: Server,
    /// Set for a process of its own; with none the case runs in the test's. `{authority}` is the simulator's
    /// authority, `{proxy}` the proxy's address.
    pub(super) variables: &'static [(&'static str, &'static str)],
    pub(super) proxy: Proxy,
    /// Whether the proxy is passed.
    pub(super) by_proxy: bool,
    pub(super) end: End,
    pub(super) text: Text,
}

#[derive(Clone, Copy)]
pub(super) enum Server {
    /// The simulator, by HTTP/1.1 in the clear.
    Sim,
    /// The simulator with TLS, asked with it, or (true) in the clear.
    Tls(fn() -> Tls, bool),
    /// The simulator without TLS, asked with it; or this port.
    TlsTo(Option<u16>),
    /// This scheme, and this for every connection.
    Raw(&'static str, fn() -> Vec<Act>),
    /// Nobody is there.
    Nobody(&'static str),
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    Done,
    /// A limit of time is met.
    Late,
    /// One of these classes; whether it is retryable where nothing was delivered.
    Error(&'static [&'static str], bool),
}

/// What was delivered.
#[derive(Clone, Copy)]
pub(super) enum Text {
    /// So many deltas, which the simulator numbers.
    Parts(usize),
    /// The beginning of that.
    UpTo(usize),
    Is(&'static str),
}

const NOTHING: Text = Text::Parts(0);

const fn http1(fault: &'static str, end: End, text: Text) -> Case {
    Case {
        over: "HTTP/1.1",
        fault,
        server: Server::Sim,
        variables: &[],
        proxy: Proxy::Nothing,
        by_proxy: false,
        end,
        text,
    }
}

/// Refused before anything of the answer came.
const fn refused(fault: &'static str, class: &'static [&'static str], retryable: bool) -> Case {
    http1(fault, End::Error(class, retryable), NOTHING)
}

const fn broken(fault: &'static str, class: &'static [&'static str], parts: usize) -> Case {
    http1(fault, End::Error(class, true), Text::Parts(parts))
}

const fn raw(fault: &'static str, acts: fn() -> Vec<Act>, class: &'static [&'static str]) -> Case {
    Case { over: "TCP", server: Server::Raw("http", acts), ..refused(fault, class, true) }
}

const fn late(fault: &'static str, acts: fn() -> Vec<Act>) -> Case {
    Case { end: End::Late, ..raw(fault, acts, TIMEOUT) }
}

const TRUST: &[(&str, &str)] = &[("SSL_CERT_FILE", "{authority}")];

const fn http2(fault: &'static str, end: End, text: Text) -> Case {
    Case {
        over: "HTTP/2",
        server: Server::Tls(Tls::default, false),
        variables: TRUST,
        ..http1(fault, end, text)
    }
}

const fn tls(fault: &'static str, server: Server, end: End, text: Text) -> Case {
    Case { over: "TLS", server, variables: TRUST, ..http1(fault, end, text) }
}

const fn proxied(
    fault: &'static str,
    variables: &'static [(&'static str, &'static str)],
    proxy: Proxy,
    end: End,
) -> Case {
    let text = match end {
        End::Done => HELLO,
        End::Late | End::Error(..) => NOTHING,
    };
    Case { over: "proxy", variables, proxy, ..http2(fault, end, text) }
}

const HELLO: Text = Text::Is("Hello");

const INTERNAL: &[&str] = &["internal"];
const INVALID: &[&str] = &["invalid-request"];
const NETWORK: &[&str] = &["network"];
const OVERLOADED: &[&str] = &["overloaded"];
const THROTTLED: &[&str] = &["rate-limited"];
const TIMEOUT: &[&str] = &["timeout"];
const TRUNCATED: &[&str] = &["truncated"];
const UNAUTHENTICATED: &[&str] = &["unauthenticated"];
/// Whether the connection broke before or behind the headers is a race.
const BROKEN: &[&str] = &["truncated", "network"];

const UNREACHED: End = End::Error(NETWORK, true);
/// It cannot get better by itself.
const DISTRUSTED: End = End::Error(NETWORK, false);

const HEADERS: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n";

fn after_headers(more: &str) -> Vec<Act> {
    vec![Act::Read, Act::text(&format!("{HEADERS}{more}"))]
}

fn said(answer: &str) -> Vec<Act> {
    vec![Act::Read, Act::text(answer)]
}

fn with(mut acts: Vec<Act>, last: Act) -> Vec<Act> {
    acts.push(last);
    acts
}

pub(super) static CASES: &[Case] = &[
    // Every HTTP error of the service.
    refused("sim:access-denied", &["permission-denied"], false),
    refused("sim:validation", INVALID, false),
    refused("sim:context-overflow", &["context-too-long"], false),
    refused("sim:on-demand", &["model-not-found"], false),
    refused("sim:throttling", THROTTLED, true),
    refused("sim:too-many-tokens", THROTTLED, true),
    refused("sim:throttling message=\"Too many tokens per day\"", &["quota-exceeded"], false),
    refused("sim:model-not-ready", &["model-not-ready"], true),
    refused("sim:service-unavailable", OVERLOADED, true),
    refused("sim:internal-server", INTERNAL, true),
    refused("sim:model-timeout", TIMEOUT, true),
    refused("sim:model-error", INTERNAL, false),
    refused("sim:model-stream-error", INTERNAL, true),
    refused("sim:resource-not-found", &["model-not-found"], false),
    refused("sim:service-quota", &["quota-exceeded"], false),
    refused("sim:conflict", INVALID, false),
    refused("sim:expired-token", UNAUTHENTICATED, false),
    refused("sim:unrecognized-client", UNAUTHENTICATED, false),
    refused("sim:invalid-signature", UNAUTHENTICATED, false),
    refused("sim:missing-authentication", UNAUTHENTICATED, false),
    // Those of something in between, which has no type.
    refused("sim:proxy-error status=400", INVALID, false),
    refused("sim:proxy-error status=401", UNAUTHENTICATED, false),
    refused("sim:proxy-error status=403", &["permission-denied"], false),
    refused("sim:proxy-error status=404", &["model-not-found"], false),
    refused("sim:proxy-error status=407", NETWORK, false),
    refused("sim:proxy-error status=413", INVALID, false),
    refused("sim:proxy-error status=429", THROTTLED, true),
    refused("sim:proxy-error status=500", INTERNAL, true),
    refused("sim:proxy-error status=502", INTERNAL, true),
    refused("sim:proxy-error status=503", OVERLOADED, true),
    refused("sim:proxy-error status=504", INTERNAL, true),
    refused("sim:redirect status=301", NETWORK, false),
    refused("sim:redirect status=307", NETWORK, false),
    refused("sim:wrong-content-type", NETWORK, true),
    refused("sim:wrong-content-type content-type=text/html", NETWORK, true),
    refused("sim:gzip", NETWORK, true),
    // Every exception, first and in the middle.
    broken("sim:exception-internal-server after=0", INTERNAL, 0),
    broken("sim:exception-internal-server after=2", INTERNAL, 2),
    broken("sim:exception-model-stream-error after=0", INTERNAL, 0),
    broken("sim:exception-model-stream-error after=2", INTERNAL, 2),
    refused("sim:exception-validation after=0", INVALID, false),
    broken("sim:exception-validation after=2", INVALID, 2),
    broken("sim:exception-throttling after=0", THROTTLED, 0),
    broken("sim:exception-throttling after=2", THROTTLED, 2),
    broken("sim:exception-service-unavailable after=0", OVERLOADED, 0),
    broken("sim:exception-service-unavailable after=2", OVERLOADED, 2),
    broken("sim:exception after=0", INTERNAL, 0),
    broken("sim:exception after=2", INTERNAL, 2),
    broken("sim:error-frame after=0", INTERNAL, 0),
    broken("sim:error-frame after=2", INTERNAL, 2),
    // Damaged frames.
    broken("sim:cut-frame after=0", TRUNCATED, 0),
    broken("sim:cut-frame after=2", TRUNCATED, 2),
    broken("sim:cut-frame after=2 writes=byte", TRUNCATED, 2),
    broken("sim:bad-prelude-checksum after=0", TRUNCATED, 0),
    broken("sim:bad-prelude-checksum after=2", TRUNCATED, 2),
    broken("sim:bad-prelude-checksum after=2 writes=coalesced", TRUNCATED, 2),
    broken("sim:bad-message-checksum after=0", TRUNCATED, 0),
    broken("sim:bad-message-checksum after=2", TRUNCATED, 2),
    broken("sim:bad-message-checksum after=2 writes=byte", TRUNCATED, 2),
    broken("sim:oversized-frame after=0", TRUNCATED, 0),
    broken("sim:oversized-frame after=2", TRUNCATED, 2),
    broken("sim:zero-length-frame after=0", TRUNCATED, 0),
    broken("sim:zero-length-frame after=2", TRUNCATED, 2),
    broken("sim:empty-frame after=0", TRUNCATED, 0),
    broken("sim:empty-frame after=2", TRUNCATED, 2),
    broken("sim:garbage-headers after=0", TRUNCATED, 0),
    broken("sim:garbage-headers after=2", TRUNCATED, 2),
    broken("sim:not-json after=0", INTERNAL, 0),
    broken("sim:not-json after=2", INTERNAL, 2),
    // Answers that end, break off or fall silent.
    broken("sim:empty-body", TRUNCATED, 0),
    broken("sim:early-end after=1", TRUNCATED, 1),
    broken("sim:early-end after=5 writes=coalesced", TRUNCATED, 5),
    broken("sim:close after=0", BROKEN, 0),
    http1("sim:close after=3", End::Error(BROKEN, true), Text::UpTo(3)),
    broken("sim:reset after=0", BROKEN, 0),
    http1("sim:reset after=3", End::Error(BROKEN, true), Text::UpTo(3)),
    http1("sim:no-headers", End::Late, NOTHING),
    http1("sim:slow-headers ms=60000", End::Late, NOTHING),
    http1("sim:slow-first-frame ms=60000", End::Late, NOTHING),
    http1("sim:silence after=1", End::Late, Text::Parts(1)),
    http1("sim:silence after=4 writes=byte", End::Late, Text::Parts(4)),
    http1("sim:no-metadata after=2", End::Late, Text::Parts(2)),
    // No faults, however they look.
    http1("sim:end-after-stop after=2", End::Done, Text::Parts(2)),
    http1("sim:text writes=byte Hello", End::Done, HELLO),
    http1("sim:go-away after=1", End::Done, Text::Is("part 0 and the rest")),
    // Below HTTP.
    Case {
        over: "TCP",
        server: Server::Nobody("http://127.0.0.1:1"),
        ..refused("nobody listens", NETWORK, true)
    },
    Case {
        over: "DNS",
        server: Server::Nobody("http://no-such-host.invalid"),
        ..refused("the name does not resolve", NETWORK, true)
    },
    raw("closed at once", Vec::new, NETWORK),
    raw("reset at once", || vec![Act::Reset], NETWORK),
    late("silent from the beginning", || vec![Act::Hang]),
    raw("closed behind the request", || vec![Act::Read], NETWORK),
    raw("reset behind the request", || vec![Act::Read, Act::Reset], NETWORK),
    raw("no HTTP", || said("SSH-2.0-OpenSSH_9.9\r\n"), NETWORK),
    raw("half a status line", || said("HTTP/1.1 20"), NETWORK),
    late("half the headers, then silence", || with(said("HTTP/1.1 200 OK\r\nx-a: b"), Act::Hang)),
    raw("a header without end", || said(&format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(1 << 20))), NETWORK),
    late("100 Continue, then silence", || with(said("HTTP/1.1 100 Continue\r\n\r\n"), Act::Hang)),
    // These are whole, and the server goes: without a word of that the next request would meet a dead connection.
    raw("204 No Content", || said("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"), TRUNCATED),
    raw(
        "200 of no type",
        || said("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        NETWORK,
    ),
    raw("less than the announced length", || after_headers("content-length: 99\r\n\r\nabc"), TRUNCATED),
    raw("a chunk of no size", || after_headers("transfer-encoding: chunked\r\n\r\nzz\r\n"), TRUNCATED),
    raw("reset behind the headers", || with(after_headers("content-length: 99\r\n\r\n"), Act::Reset), BROKEN),
    late("half a chunk, then silence", || {
        with(after_headers("transfer-encoding: chunked\r\n\r\n99\r\nabc"), Act::Hang)
    }),
    // HTTP/2.
    http2("sim:text Hello", End::Done, HELLO),
    http2("sim:go-away after=2", End::Done, Text::Is("part 0 part 1 and the rest")),
    http2("sim:throttling", End::Error(THROTTLED, true), NOTHING),
    http2("sim:exception-throttling after=2", End::Error(THROTTLED, true), Text::Parts(2)),
    http2("sim:cut-frame after=2", End::Error(TRUNCATED, true), Text::Parts(2)),
    http2("sim:bad-message-checksum after=2", End::Error(TRUNCATED, true), Text::Parts(2)),
    http2("sim:early-end after=2", End::Error(TRUNCATED, true), Text::Parts(2)),
    http2("sim:close after=0", End::Error(BROKEN, true), NOTHING),
    http2("sim:close after=3", End::Error(BROKEN, true), Text::UpTo(3)),
    http2("sim:reset after=3", End::Error(BROKEN, true), Text::UpTo(3)),
    http2("sim:no-headers", End::Late, NOTHING),
    http2("sim:silence after=2", End::Late, Text::Parts(2)),
    // TLS.
    tls("sim:text Hello", Server::Tls(|| Tls::default().http1_only(), false), End::Done, HELLO),
    tls("a wrong name", Server::Tls(|| Tls::default().name("other.example"), false), DISTRUSTED, NOTHING),
    tls("an expired certificate", Server::Tls(|| Tls::default().expired(), false), DISTRUSTED, NOTHING),
    Case {
        variables: &[("SSL_CERT_FILE", "")],
        ..tls("an unknown authority", Server::Tls(Tls::default, false), DISTRUSTED, NOTHING)
    },
    tls("no TLS where it is expected", Server::TlsTo(None), UNREACHED, NOTHING),
    tls("TLS where none is expected", Server::Tls(Tls::default, true), UNREACHED, NOTHING),
    tls("closed in the handshake", Server::Raw("https", Vec::new), UNREACHED, NOTHING),
    tls("silent in the handshake", Server::Raw("https", || vec![Act::Hang]), End::Late, NOTHING),
    tls("no handshake", Server::Raw("https", || vec![Act::text("220 smtp ready\r\n")]), UNREACHED, NOTHING),
    tls("nobody listens", Server::TlsTo(Some(1)), UNREACHED, NOTHING),
    // Proxies.
    Case {
        by_proxy: true,
        ..proxied(
            "sim:text Hello",
            &[("SSL_CERT_FILE", "{authority}"), ("HTTPS_PROXY", "http://{proxy}")],
            Proxy::Works,
            End::Done,
        )
    },
    proxied(
        "sim:text Hello",
        &[("SSL_CERT_FILE", "{authority}"), ("HTTPS_PROXY", "http://{proxy}"), ("NO_PROXY", "localhost")],
        Proxy::Works,
        End::Done,
    ),
    Case {
        by_proxy: true,
        ..proxied(
            "sim:text Hello",
            &[("SSL_CERT_FILE", "{authority}"), ("HTTPS_PROXY", "http://user:pass@{proxy}")],
            Proxy::AsksForPassword,
            End::Done,
        )
    },
    proxied(
        "it asks for a password",
        &[("SSL_CERT_FILE", "{authority}"), ("HTTPS_PROXY", "http://{proxy}")],
        Proxy::AsksForPassword,
        UNREACHED,
    ),
    proxied(
        "it refuses",
        &[("SSL_CERT_FILE", "{authority}"), ("HTTPS_PROXY", "http://{proxy}")],
        Proxy::Does(|| said("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")),
        UNREACHED,
    ),
    proxied(
        "it is silent",
        &[("SSL_CERT_FILE", "{authority}"), ("HTTPS_PROXY", "http://{proxy}")],
        Proxy::Does(|| vec![Act::Hang]),
        End::Late,
    ),
    proxied(
        "it is not there",
        &[("SSL_CERT_FILE", "{authority}"), ("HTTPS_PROXY", "http://127.0.0.1:1")],
        Proxy::Nothing,
        UNREACHED,
    ),
    Case {
        server: Server::Sim,
        by_proxy: true,
        ..proxied("sim:text Hello", &[("HTTP_PROXY", "http://{proxy}")], Proxy::Works, End::Done)
    },
    Case {
        server: Server::Sim,
        ..proxied(
            "it asks for a password",
            &[("HTTP_PROXY", "http://{proxy}")],
            Proxy::AsksForPassword,
            DISTRUSTED,
        )
    },
];
