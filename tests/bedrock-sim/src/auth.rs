//! Whom the simulator believes, and what it says to the others.

use hyper::{HeaderMap, Method, Uri};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use crate::Scenario;
use crate::date::AmzDate;
use crate::sigv4::{self, Credential, Signed};

/// The access key that is good by default.
pub const DEFAULT_ACCESS_KEY: &str = "AKIDSIMULATOR000000";
/// The secret of [`DEFAULT_ACCESS_KEY`].
pub const DEFAULT_SECRET_KEY: &str = "simulator-secret";
/// The bearer token that is good by default.
pub const DEFAULT_BEARER_TOKEN: &str = "simulator-bearer";

const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// How far a request's date may lie from the service's clock.
const MAX_SKEW: Duration = Duration::from_secs(5 * 60);

/// Whom to believe.
#[derive(Clone, Debug)]
pub struct Auth {
    verify: bool,
    access_keys: HashMap<String, AccessKey>,
    bearer_tokens: Vec<String>,
    region: Option<String>,
    allow_unsigned_payload: bool,
    clock_ahead: i64,
}

/// What belongs to an access key id.
#[derive(Clone, Debug)]
pub struct AccessKey {
    secret: String,
    session_token: Option<String>,
    expired: bool,
}

impl AccessKey {
    /// A long-lived key.
    pub fn new(secret: impl Into<String>) -> Self {
        Self { secret: secret.into(), session_token: None, expired: false }
    }

    /// A temporary key, good only together with this session token.
    pub fn with_session_token(secret: impl Into<String>, token: impl Into<String>) -> Self {
        Self { session_token: Some(token.into()), ..Self::new(secret) }
    }

    /// The same key, but its time is over: ExpiredTokenException.
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self::none()
            .access_key(DEFAULT_ACCESS_KEY, AccessKey::new(DEFAULT_SECRET_KEY))
            .bearer_token(DEFAULT_BEARER_TOKEN)
    }
}

impl Auth {
    /// Nobody; add keys and tokens.
    pub fn none() -> Self {
        Self {
            verify: true,
            access_keys: HashMap::new(),
            bearer_tokens: Vec::new(),
            region: None,
            allow_unsigned_payload: false,
            clock_ahead: 0,
        }
    }

    /// Everybody: nothing is checked, for benchmarks.
    pub fn off() -> Self {
        Self { verify: false, ..Self::none() }
    }

    /// Also believes this access key.
    pub fn access_key(mut self, id: impl Into<String>, key: AccessKey) -> Self {
        self.access_keys.insert(id.into(), key);
        self
    }

    /// Also believes this bearer token.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.bearer_tokens.push(token.into());
        self
    }

    /// Takes signatures for this region alone; by default for any.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Also takes bodies that are not covered by the signature.
    pub fn allow_unsigned_payload(mut self) -> Self {
        self.allow_unsigned_payload = true;
        self
    }

    /// Sets the service's clock this many seconds ahead (or behind, when negative).
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.clock_ahead = seconds;
        self
    }

    /// What the service's clock shows.
    pub(crate) fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.clock_ahead.unsigned_abs());
        let now = SystemTime::now();
        if self.clock_ahead < 0 { now - by } else { now + by }
    }

    pub(crate) fn clock_is_off(&self) -> bool {
        self.clock_ahead != 0
    }

    /// Checks one request; its body must be whole.
    pub(crate) fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> AuthOutcome {
        if !self.verify {
            return AuthOutcome::NotChecked;
        }
        let header = headers.get("authorization").and_then(|value| value.to_str().ok());
        let checked = match header.map(|header| header.split_once(' ').unwrap_or((header, ""))) {
            None => Err(Refusal::missing()),
            Some(("Bearer", token)) => self.check_bearer(token),
            Some((sigv4::ALGORITHM, rest)) => self.check_signature(rest, method, uri, headers, body),
            Some(_) => Err(Refusal::incomplete("the Authorization header's algorithm")),
        };
        checked.unwrap_or_else(|refusal| AuthOutcome::Refused {
            code: refusal.code.to_owned(),
            message: refusal.message,
        })
    }

    fn check_bearer(&self, token: &str) -> Result<AuthOutcome, Refusal> {
        match self.bearer_tokens.iter().any(|known| known == token) {
            true => Ok(AuthOutcome::Bearer),
            false => Err(Refusal::new(
                "AccessDeniedException",
                "Authentication failed: Please make sure your API Key is valid.",
            )),
        }
    }

    fn check_signature(
        &self,
        fields: &str,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<AuthOutcome, Refusal> {
        let signed = Signed::parse(fields).map_err(Refusal::incomplete)?;
        let Credential { access_key, .. } = &signed.credential;
        let key = self.access_keys.get(access_key).ok_or_else(Refusal::unknown)?;
        let token = headers.get("x-amz-security-token").map(|token| token.as_bytes());
        if token != key.session_token.as_ref().map(String::as_bytes) {
            return Err(Refusal::unknown());
        }
        if key.expired {
            return Err(Refusal::new(
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ));
        }
        self.check_scope(&signed.credential, uri)?;
        self.check_date(&signed.credential, headers)?;
        let payload_hash = self.check_payload(headers, body)?;
        check_signed_headers(&signed, headers)?;

        let request = sigv4::canonical_request(method, uri, headers, &signed.headers, &payload_hash)
            .map_err(Refusal::incomplete)?;
        let date = headers.get("x-amz-date").and_then(|date| date.to_str().ok()).unwrap_or_default();
        let expected = sigv4::signature(&key.secret, date, &signed.credential, &request);
        match expected == signed.signature {
            true => Ok(AuthOutcome::Signed { access_key: access_key.clone() }),
            false => Err(Refusal::signature(format!(
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method. Consult the service \
                 documentation for details.\n\nThe Canonical String for this request should have \
                 been\n'{request}'"
            ))),
        }
    }

    fn check_scope(&self, credential: &Credential, uri: &Uri) -> Result<(), Refusal> {
        let wrong = |what: &str| Err(Refusal::signature(format!("Credential should be scoped to {what}.")));
        // The Security Token Service has one path.
        if uri.path() == "/" {
            let is_sts = credential.service == "sts";
            return if is_sts { Ok(()) } else { wrong("correct service: 'sts'") };
        }
        match self.region.as_ref().filter(|region| **region != credential.region) {
            Some(_) => wrong("a valid region"),
            None if credential.service != "bedrock" => wrong("correct service: 'bedrock'"),
            None => Ok(()),
        }
    }

    fn check_date(&self, credential: &Credential, headers: &HeaderMap) -> Result<(), Refusal> {
        let stamp = headers.get("x-amz-date").and_then(|date| date.to_str().ok());
        let stamp = stamp.ok_or_else(|| Refusal::incomplete("the x-amz-date header"))?;
        let date = AmzDate::parse(stamp).ok_or_else(|| Refusal::incomplete("x-amz-date's form"))?;
        if !stamp.starts_with(&credential.date) {
            return Err(Refusal::signature(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP",
            ));
        }
        let now = AmzDate::from(self.now());
        let (oldest, newest) = (now.before(MAX_SKEW), now.after(MAX_SKEW));
        let skew = |what: &str, than: &str, limit: AmzDate, sign: char| {
            Err(Refusal::signature(format!(
                "Signature {what}: {date} is {than} than {limit} ({now} {sign} 5 min.)"
            )))
        };
        match date {
            date if date < oldest => skew("expired", "now earlier", oldest, '-'),
            date if date > newest => skew("not yet current", "still later", newest, '+'),
            _ => Ok(()),
        }
    }

    /// The hash to enter into the canonical request.
    fn check_payload(&self, headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
        let actual = sigv4::sha256_hex(body);
        match headers.get("x-amz-content-sha256").map(|hash| hash.as_bytes()) {
            None => Ok(actual),
            Some(hash) if hash == actual.as_bytes() => Ok(actual),
            Some(hash) if hash != UNSIGNED_PAYLOAD.as_bytes() => Err(Refusal::signature(
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )),
            Some(_) if self.allow_unsigned_payload => Ok(UNSIGNED_PAYLOAD.to_owned()),
            Some(_) => Err(Refusal::signature("UNSIGNED-PAYLOAD is not accepted here.")),
        }
    }
}

/// `host` and every `x-amz-*` header must be covered.
fn check_signed_headers(signed: &Signed, headers: &HeaderMap) -> Result<(), Refusal> {
    let required = headers.keys().map(|name| name.as_str()).filter(|n| n.starts_with("x-amz-"));
    match required.chain(["host"]).find(|name| !signed.headers.iter().any(|s| s == name)) {
        None => Ok(()),
        Some(name) => {
            Err(Refusal::signature(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")))
        }
    }
}

/// Who a request was found to come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthOutcome {
    /// Nothing was checked ([`Auth::off`]).
    NotChecked,
    /// A good bearer token.
    Bearer,
    /// A good signature.
    Signed {
        /// The id of the key that signed.
        access_key: String,
    },
    /// Refused, with this error.
    Refused {
        /// The error's name.
        code: String,
        /// Its message. One of a bad signature quotes the canonical request expected.
        message: String,
    },
}

impl AuthOutcome {
    /// The answer to a request that was refused.
    pub(crate) fn refusal(&self) -> Option<Scenario> {
        let Self::Refused { code, message } = self else {
            return None;
        };
        let mut scenario = Scenario::error(403, code, message);
        if code == "AccessDeniedException" {
            // The authorizer in front of the service spells its one member with a capital.
            let body = serde_json::json!({ "Message": message });
            scenario.steps = Scenario::json(403, &body).steps;
        }
        Some(scenario)
    }
}

/// Why a request is refused; always 403.
struct Refusal {
    code: &'static str,
    message: String,
}

impl Refusal {
    fn missing() -> Self {
        Self::new("MissingAuthenticationTokenException", "Missing Authentication Token")
    }

    fn unknown() -> Self {
        Self::new("UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    fn signature(message: impl Into<String>) -> Self {
        Self::new("InvalidSignatureException", message)
    }

    fn incomplete(what: &str) -> Self {
        Self::new("IncompleteSignatureException", format!("Not understood or missing: {what}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::{HeaderName, HeaderValue};

    const BODY: &[u8] = b"{}";

    /// A request signed as a client would, then changed by the test.
    fn outcome(auth: &Auth, more: &[(&'static str, &str)], secret: &str) -> AuthOutcome {
        outcome_of(auth, more, secret, BODY)
    }

    fn outcome_of(auth: &Auth, more: &[(&'static str, &str)], secret: &str, body: &[u8]) -> AuthOutcome {
        let stamp = AmzDate::from(SystemTime::now()).to_string();
        let uri: Uri = "/model/sim.text-v1%3A0/converse".parse().expect("a URI");
        let mut headers = HeaderMap::new();
        let given = [("host", "localhost"), ("x-amz-date", stamp.as_str())];
        for (name, value) in given.iter().chain(more) {
            headers.insert(HeaderName::from_static(name), value.parse().expect("a value"));
        }
        let names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        let payload = headers.get("x-amz-content-sha256").map(HeaderValue::to_str);
        let payload = payload.and_then(Result::ok).map_or(sigv4::sha256_hex(BODY), str::to_owned);
        let stamp = headers["x-amz-date"].to_str().expect("text");
        let credential = Credential {
            access_key: DEFAULT_ACCESS_KEY.to_owned(),
            date: stamp[..8].to_owned(),
            region: "eu-west-1".to_owned(),
            service: "bedrock".to_owned(),
        };
        let request = sigv4::canonical_request(&Method::POST, &uri, &headers, &names, &payload);
        let signature =
            sigv4::signature(secret, stamp, &credential, &request.expect("all headers are there"));
        let authorization = format!(
            "{} Credential={DEFAULT_ACCESS_KEY}/{}/eu-west-1/bedrock/aws4_request, \
             SignedHeaders={}, Signature={signature}",
            sigv4::ALGORITHM,
            &stamp[..8],
            names.join(";"),
        );
        headers.insert("authorization", authorization.parse().expect("a value"));
        auth.check(&Method::POST, &uri, &headers, body)
    }

    fn code(outcome: AuthOutcome) -> String {
        match outcome {
            AuthOutcome::Refused { code, message } => format!("{code}: {message}"),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn a_good_signature_is_believed() {
        let believed = AuthOutcome::Signed { access_key: DEFAULT_ACCESS_KEY.to_owned() };
        assert_eq!(outcome(&Auth::default(), &[], DEFAULT_SECRET_KEY), believed);
        let region = Auth::default().region("eu-west-1");
        assert_eq!(outcome(&region, &[], DEFAULT_SECRET_KEY), believed);
    }

    #[test]
    fn a_wrong_secret_body_or_region_is_not() {
        let auth = Auth::default();
        assert!(code(outcome(&auth, &[], "other")).starts_with("InvalidSignatureException"));
        let changed = outcome_of(&auth, &[], DEFAULT_SECRET_KEY, b"{ }");
        assert!(code(changed).starts_with("InvalidSignatureException"));
        let region = auth.region("us-east-1");
        assert!(code(outcome(&region, &[], DEFAULT_SECRET_KEY)).contains("valid region"));
    }

    #[test]
    fn a_clock_that_is_off_is_named() {
        let old = outcome(&Auth::default().clock_ahead(400), &[], DEFAULT_SECRET_KEY);
        assert!(code(old).contains("Signature expired"));
        let early = outcome(&Auth::default().clock_ahead(-400), &[], DEFAULT_SECRET_KEY);
        assert!(code(early).contains("Signature not yet current"));
    }

    #[test]
    fn an_unsigned_payload_is_only_taken_when_allowed() {
        let unsigned = [("x-amz-content-sha256", UNSIGNED_PAYLOAD)];
        let refused = outcome(&Auth::default(), &unsigned, DEFAULT_SECRET_KEY);
        assert!(code(refused).contains(UNSIGNED_PAYLOAD));
        let allowed = Auth::default().allow_unsigned_payload();
        let taken = outcome(&allowed, &unsigned, DEFAULT_SECRET_KEY);
        assert!(matches!(taken, AuthOutcome::Signed { .. }), "{taken:?}");
    }

    #[test]
    fn a_temporary_key_needs_its_token_and_its_time() {
        let key = AccessKey::with_session_token(DEFAULT_SECRET_KEY, "token");
        let auth = Auth::none().access_key(DEFAULT_ACCESS_KEY, key.clone());
        let token = [("x-amz-security-token", "token")];
        assert!(matches!(outcome(&auth, &token, DEFAULT_SECRET_KEY), AuthOutcome::Signed { .. }));
        let without = code(outcome(&auth, &[], DEFAULT_SECRET_KEY));
        assert!(without.starts_with("UnrecognizedClientException"), "{without}");
        let expired = Auth::none().access_key(DEFAULT_ACCESS_KEY, key.expired());
        let expired = code(outcome(&expired, &token, DEFAULT_SECRET_KEY));
        assert!(expired.starts_with("ExpiredTokenException"), "{expired}");
    }

    #[test]
    fn a_header_that_must_be_signed_is_asked_for() {
        let fields = format!(
            "Credential={DEFAULT_ACCESS_KEY}/20150830/us-east-1/bedrock/aws4_request, \
             SignedHeaders=host, Signature=00"
        );
        let signed = Signed::parse(&fields).expect("whole");
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", HeaderValue::from_static("x"));
        assert!(check_signed_headers(&signed, &headers).is_err());
    }
}
