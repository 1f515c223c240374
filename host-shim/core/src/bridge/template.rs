//! A request for a streamed answer, made after the likeness of one that the SDK has made.
//!
//! The SDK puts every call together anew: its settings, its endpoint, a dozen interceptors, whom to sign as. For a
//! client all that comes to the same each time but for the model id, the body, the time and the signature; and made
//! anew it costs more than the whole sandbox does until the first text (`make bench`, "first text"). So the first
//! request of a client is the SDK's, and what it looked like is kept; those after it are copies, signed by the SDK's
//! own signer and sent over the SDK's own connections. Whatever is out of the ordinary stays with the SDK: every
//! retry, every other operation, API keys, a pace to be kept, a clock that is off.

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sdk_bedrockruntime::error::SdkError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector as _, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::failure::{Failure, Stage};

/// What a model id may have in a path as it is: RFC 3986's unreserved characters.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Behind the model id.
const OPERATION: &str = "/converse-stream";

/// What belongs to one request alone, or is written by whoever sends or signs it.
const OF_ONE_REQUEST: &[&str] = &[
    "amz-sdk-invocation-id",
    "authorization",
    "content-length",
    "host",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
];

/// Set where each request of the SDK's carries what is traced at that moment, `x-amzn-trace-id`.
const TRACED: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// The template of a client, once its first request has been made.
#[derive(Clone, Debug, Default)]
pub(super) struct Template(Arc<Slot>);

#[derive(Debug, Default)]
struct Slot {
    likeness: OnceLock<Option<Likeness>>,
    is_off: AtomicBool,
}

/// What all requests of a client have in common.
pub(super) struct Likeness {
    /// Of the URI, what comes before the model id.
    base: String,
    headers: Headers,
    signature: Signature,
    connector: SharedHttpConnector,
}

impl fmt::Debug for Likeness {
    /// Headers may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Likeness").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Template {
    /// Keeps what a request for a streamed answer looks like that the SDK is about to send.
    pub(super) fn learn(&self, request: &HttpRequest, components: &RuntimeComponents, settings: &ConfigBag) {
        if request.uri().ends_with(OPERATION) {
            self.0.likeness.get_or_init(|| Likeness::of(request, components, settings));
        }
    }

    /// From now on every request is the SDK's: it has learned something that no copy knows.
    pub(super) fn give_up(&self) {
        self.0.is_off.store(true, Ordering::Release);
    }

    /// What to copy, where there is anything.
    pub(super) fn likeness(&self) -> Option<&Likeness> {
        self.0.likeness.get()?.as_ref().filter(|_| !self.0.is_off.load(Ordering::Acquire))
    }
}

impl Likeness {
    /// Signs and sends a request; gives its answer, whichever it is, and what that came by.
    pub(super) async fn send(
        &self,
        key: Credentials,
        model_id: &str,
        body: Bytes,
        sent_to: impl FnOnce(&str),
    ) -> Result<(HttpResponse, CaptureSmithyConnection), Failure> {
        let mut request = self.make(key, model_id, body, SystemTime::now()).map_err(|error| {
            let said = super::failure::chain(&*error);
            Failure::new(Stage::Refused, format!("the request cannot be made: {said}"))
        })?;
        sent_to(request.uri());
        let connection = CaptureSmithyConnection::new();
        request.add_extension(connection.clone());
        match self.connector.call(request).await {
            Ok(response) => Ok((response, connection)),
            Err(error) => Err(Failure::from_sdk(&SdkError::<Infallible, _>::dispatch_failure(error))),
        }
    }

    fn of(request: &HttpRequest, components: &RuntimeComponents, settings: &ConfigBag) -> Option<Self> {
        let (base, _) = request.uri().strip_suffix(OPERATION)?.rsplit_once('/')?;
        let signature = Signature::read(request.headers().get("authorization")?)?;
        if std::env::var_os(TRACED).is_some() {
            return None;
        }
        let mut headers = request.headers().clone();
        for name in OF_ONE_REQUEST {
            headers.remove(name);
        }
        let timeouts = settings.load::<TimeoutConfig>()?;
        let mut connection = HttpConnectorSettings::builder();
        connection.set_connect_timeout(timeouts.connect_timeout());
        connection.set_read_timeout(timeouts.read_timeout());
        Some(Self {
            base: format!("{base}/"),
            headers,
            signature,
            connector: components.http_client()?.http_connector(&connection.build(), components),
        })
    }

    fn make(
        &self,
        key: Credentials,
        model_id: &str,
        body: Bytes,
        time: SystemTime,
    ) -> Result<HttpRequest, BoxError> {
        let mut request = HttpRequest::new(SdkBody::from(body.clone()));
        request.set_method("POST")?;
        let uri = format!("{}{}{OPERATION}", self.base, utf8_percent_encode(model_id, IN_PATH));
        request.set_uri(uri)?;
        *request.headers_mut() = self.headers.clone();
        let headers = request.headers_mut();
        headers.try_insert("content-length", body.len().to_string())?;
        headers.try_insert("amz-sdk-invocation-id", invocation_id())?;
        let Signature { region, service, headers } = &self.signature;
        let identity = key.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(time)
            .settings(SigningSettings::default())
            .build()?;
        let signable = SignableRequest::new(
            request.method(),
            request.uri(),
            // Some are put in behind the signature, so that whoever passes a request on may change them.
            request.headers().iter().filter(|(name, _)| headers.iter().any(|signed| signed == name)),
            SignableBody::Bytes(&body),
        )?;
        let (instructions, _) = sign(signable, &params.into())?.into_parts();
        let (signed, _) = instructions.into_parts();
        for header in signed {
            request.headers_mut().try_insert(header.name(), header.value().to_owned())?;
        }
        Ok(request)
    }
}

/// What a signature is for.
#[derive(Debug, PartialEq)]
struct Signature {
    region: String,
    service: String,
    /// The names of those that it covers.
    headers: Vec<String>,
}

impl Signature {
    fn read(authorization: &str) -> Option<Self> {
        let fields = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let field = |name| fields.split(", ").find_map(|field| field.strip_prefix(name));
        let mut scope = field("Credential=")?.rsplit('/');
        let ("aws4_request", service, region) = (scope.next()?, scope.next()?, scope.next()?) else {
            return None;
        };
        let headers = field("SignedHeaders=")?.split(';').map(str::to_owned).collect();
        Some(Self { region: region.to_owned(), service: service.to_owned(), headers })
    }
}

/// As the SDK's: a random UUID.
fn invocation_id() -> String {
    let id = (fastrand::u128(..) & !(0xf << 76) & !(0b11 << 62)) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{id:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};

    use super::*;

    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/bedrock/aws4_request, \
                          SignedHeaders=content-length;host;x-amz-date;x-tenant, Signature=0";

    #[derive(Debug)]
    struct Nowhere;

    impl HttpConnector for Nowhere {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            unreachable!("nothing is sent")
        }
    }

    fn likeness() -> Likeness {
        let mut headers = Headers::new();
        headers.insert("content-type", "application/json");
        headers.insert("x-tenant", "a");
        Likeness {
            base: "https://bedrock-runtime.eu-west-1.amazonaws.com/model/".to_owned(),
            headers,
            signature: Signature::read(SIGNED).expect("a signature"),
            connector: SharedHttpConnector::new(Nowhere),
        }
    }

    fn made(model_id: &str, token: Option<&str>) -> HttpRequest {
        let key = Credentials::new("AKID", "secret", token.map(str::to_owned), None, "test");
        let time = UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        likeness().make(key, model_id, Bytes::from_static(b"{}"), time).expect("a request")
    }

    #[test]
    fn a_signature_tells_what_it_is_for() {
        let signature = Signature::read(SIGNED).expect("a signature");
        assert_eq!((&*signature.region, &*signature.service), ("eu-west-1", "bedrock"));
        assert_eq!(signature.headers, ["content-length", "host", "x-amz-date", "x-tenant"]);
        for other in ["Bearer key", "", "AWS4-HMAC-SHA256 Credential=AKID", "AWS4-HMAC-SHA256 Signature=0"] {
            assert_eq!(Signature::read(other), None, "{other}");
        }
    }

    #[test]
    fn a_copy_has_its_own_path_length_time_and_signature() {
        let request = made("arn:aws:bedrock:eu-west-1::foundation-model/a.b-v1:0", None);
        assert_eq!(
            request.uri(),
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/\
             arn%3Aaws%3Abedrock%3Aeu-west-1%3A%3Afoundation-model%2Fa.b-v1%3A0/converse-stream"
        );
        let header = |name| request.headers().get(name);
        assert_eq!(request.method(), "POST");
        assert_eq!(header("content-length"), Some("2"));
        assert_eq!(header("x-amz-date"), Some("20260101T000000Z"));
        assert_eq!(header("x-tenant"), Some("a"));
        assert_eq!(header("x-amz-security-token"), None);
        assert!(header("content-type").is_some() && header("amz-sdk-invocation-id").is_some());
        let signature = header("authorization").and_then(Signature::read);
        assert_eq!(signature, Signature::read(SIGNED));
    }

    #[test]
    fn a_session_goes_with_its_key_and_nothing_is_shown() {
        assert_eq!(made("a.b", Some("token")).headers().get("x-amz-security-token"), Some("token"));
        let shown = format!("{:?}", likeness());
        assert!(!shown.contains("x-tenant"), "{shown}");
    }

    #[test]
    fn every_request_has_a_name_of_its_own() {
        let (one, other) = (invocation_id(), invocation_id());
        assert_ne!(one, other);
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(one.as_bytes()[14] == b'4' && b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }
}
