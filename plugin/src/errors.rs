//! What a failure means: the class that a host decides by, whether to try again, and what a person
//! can do about it. Bedrock tells its failures apart by a type and, where that is too coarse, by
//! wording alone; both are data here.

use crate::bindings::outcrop::provider::bedrock_bridge::Failure;
use crate::bindings::outcrop::provider::types::{Error, ErrorCode};
use crate::json::Object;

const CREDENTIALS: &str = "check the AWS credentials of the process that hosts the plugin \
    (environment, profile, role); for single sign-on run `aws sso login`";
const PERMISSION: &str = "allow bedrock:InvokeModelWithResponseStream for this model to the role \
    or user, and see that the account has access to the model";
const MODEL: &str = "list the models on offer; an id must exist in the region that is asked";
const PROFILE: &str = "this model is called through an inference profile: use the profile's id \
    (such as `us.` or `global.` before the model's id) or its ARN";
const LEGACY: &str = "choose a current model";
const WINDOW: &str = "shorten the conversation or ask for fewer output tokens";
const RATE: &str = "wait, and ask for fewer output tokens: Bedrock reserves them from the quota";
const QUOTA: &str = "raise the quota in Service Quotas, or use another model, profile or region";

/// Bedrock's failure types, lower-case and without `Exception` or `Error`, as they stand in
/// `x-amzn-errortype` and in `:exception-type`.
const TYPES: &[(&str, ErrorCode)] = &[
    ("accessdenied", ErrorCode::PermissionDenied),
    ("expiredtoken", ErrorCode::Unauthenticated),
    ("incompletesignature", ErrorCode::Unauthenticated),
    ("internalserver", ErrorCode::Internal),
    ("internalfailure", ErrorCode::Internal),
    ("invalidclienttokenid", ErrorCode::Unauthenticated),
    ("invalidsignature", ErrorCode::Unauthenticated),
    ("missingauthenticationtoken", ErrorCode::Unauthenticated),
    ("model", ErrorCode::Internal),
    ("modelnotready", ErrorCode::ModelNotReady),
    ("modelstream", ErrorCode::Internal),
    ("modeltimeout", ErrorCode::Timeout),
    ("resourcenotfound", ErrorCode::ModelNotFound),
    ("signaturedoesnotmatch", ErrorCode::Unauthenticated),
    ("servicequotaexceeded", ErrorCode::QuotaExceeded),
    ("serviceunavailable", ErrorCode::Overloaded),
    ("throttling", ErrorCode::RateLimited),
    ("toomanyrequests", ErrorCode::RateLimited),
    ("unrecognizedclient", ErrorCode::Unauthenticated),
    ("validation", ErrorCode::InvalidRequest),
];

/// A wording that says more than the type it comes with.
struct Wording {
    /// The classes it refines.
    of: &'static [ErrorCode],
    /// Part of the message, lower-case, with straight apostrophes.
    says: &'static str,
    code: ErrorCode,
    remedy: &'static str,
}

/// A conversation that is too long is told as a validation failure, and by some models while they stream.
const OVERFLOW: &[ErrorCode] = &[ErrorCode::InvalidRequest, ErrorCode::Internal];
const REQUEST: &[ErrorCode] = &[ErrorCode::InvalidRequest];
const THROTTLED: &[ErrorCode] = &[ErrorCode::RateLimited];
const MISSING: &[ErrorCode] = &[ErrorCode::InvalidRequest, ErrorCode::ModelNotFound];

const fn overflow(says: &'static str) -> Wording {
    Wording { of: OVERFLOW, says, code: ErrorCode::ContextTooLong, remedy: WINDOW }
}

const WORDINGS: &[Wording] = &[
    overflow("input is too long"),
    overflow("prompt is too long"),
    overflow("exceed context limit"),
    overflow("too many total text bytes"),
    overflow("too many input tokens"),
    overflow("input tokens exceed"),
    overflow("input token count"),
    overflow("max input token"),
    overflow("maximum context length"),
    overflow("context_length_exceeded"),
    overflow("exceeds the context window"),
    overflow("exceed model maximum"),
    overflow("longer than the model's context length"),
    overflow("exceeds the maximum number of tokens"),
    overflow("exceed the maximum number of tokens"),
    overflow("exceeds the maximum number of input tokens"),
    overflow("exceeds the maximum tokens"),
    overflow("exceeds the max tokens"),
    overflow("exceeds the maximum input tokens"),
    Wording {
        of: REQUEST,
        says: "on-demand throughput isn't supported",
        code: ErrorCode::ModelNotFound,
        remedy: PROFILE,
    },
    Wording {
        of: REQUEST,
        says: "the provided model identifier is invalid",
        code: ErrorCode::ModelNotFound,
        remedy: MODEL,
    },
    Wording {
        of: MISSING,
        says: "reached the end of its life",
        code: ErrorCode::ModelNotFound,
        remedy: LEGACY,
    },
    Wording {
        of: REQUEST,
        says: "you don't have access to the model",
        code: ErrorCode::PermissionDenied,
        remedy: PERMISSION,
    },
    Wording {
        of: &[ErrorCode::PermissionDenied],
        says: "security token included in the request is",
        code: ErrorCode::Unauthenticated,
        remedy: CREDENTIALS,
    },
    Wording { of: THROTTLED, says: "tokens per day", code: ErrorCode::QuotaExceeded, remedy: QUOTA },
    Wording { of: THROTTLED, says: "requests per day", code: ErrorCode::QuotaExceeded, remedy: QUOTA },
    Wording { of: THROTTLED, says: "daily", code: ErrorCode::QuotaExceeded, remedy: QUOTA },
];

/// What a person can do about a class, where nothing finer is known.
fn remedy(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::Unauthenticated => CREDENTIALS,
        ErrorCode::PermissionDenied => PERMISSION,
        ErrorCode::ModelNotFound => MODEL,
        ErrorCode::ContextTooLong => WINDOW,
        ErrorCode::RateLimited => RATE,
        ErrorCode::QuotaExceeded => QUOTA,
        _ => return None,
    })
}

/// Whether the same request can succeed later.
fn passes(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::ModelNotReady
            | ErrorCode::RateLimited
            | ErrorCode::Overloaded
            | ErrorCode::Timeout
            | ErrorCode::Network
            | ErrorCode::Truncated
            | ErrorCode::Internal
    )
}

/// An error of a class.
pub fn error(code: ErrorCode, message: impl Into<String>) -> Error {
    Error {
        code,
        message: message.into(),
        remedy: remedy(code).map(String::from),
        provider_code: None,
        http_status: None,
        request_id: None,
        retry_after_ms: None,
        retryable: passes(code),
        extensions: Vec::new(),
    }
}

/// A fault in the request: where it is, as a JSON Pointer, and what would be right.
pub(crate) fn invalid(at: &str, what: &str) -> Error {
    error(ErrorCode::InvalidRequest, located(at, what))
}

/// Something in the request that this plugin does not take.
pub(crate) fn unsupported(at: &str, what: &str) -> Error {
    error(ErrorCode::Unsupported, located(at, what))
}

fn located(at: &str, what: &str) -> String {
    [at, what].join(": ")
}

/// A failure that Bedrock named, in an error answer or in an exception frame.
fn classified(kind: &str, message: String, class: ErrorCode) -> Error {
    let wording = comparable(&message);
    let refined = WORDINGS.iter().find(|rule| rule.of.contains(&class) && wording.contains(rule.says));
    let mut error = error(refined.map_or(class, |rule| rule.code), message);
    if let Some(rule) = refined {
        error.remedy = Some(rule.remedy.into());
    }
    // Bedrock's ModelErrorException is the model's own failure on this very input.
    if normal(kind) == "model" {
        error.retryable = false;
    }
    if !kind.is_empty() {
        error.provider_code = Some(kind.into());
    }
    error
}

/// A message as wordings are compared with it: in lower case, with straight apostrophes.
pub(crate) fn comparable(message: &str) -> String {
    message.to_ascii_lowercase().replace('\u{2019}', "'")
}

/// `ThrottlingException`, `throttlingException` and `Throttling` are one type.
fn normal(kind: &str) -> String {
    let lower = kind.to_ascii_lowercase();
    let bare = lower.strip_suffix("exception").unwrap_or(&lower);
    bare.strip_suffix("error").unwrap_or(bare).into()
}

fn class_of_type(kind: &str) -> Option<ErrorCode> {
    let kind = normal(kind);
    TYPES.iter().find(|(name, _)| *name == kind).map(|(_, code)| *code)
}

/// The message in a failure's JSON payload; some services capitalise it.
fn message_of(payload: &[u8]) -> Option<String> {
    let object = Object::parse(core::str::from_utf8(payload).ok()?)?;
    object
        .string("message")
        .or_else(|| object.string("Message"))
        .or_else(|| object.string("originalMessage"))
        .filter(|message| !message.trim().is_empty())
}

/// An exception frame in a streamed answer.
pub fn of_exception(kind: &str, payload: &[u8], request_id: Option<String>) -> Error {
    let message = message_of(payload).unwrap_or_else(|| ["Bedrock sent ", kind].concat());
    let class = class_of_type(kind).unwrap_or(ErrorCode::Internal);
    Error { request_id, ..classified(kind, message, class) }
}

/// A call that failed before or while it was answered.
pub fn of_failure(failure: Failure) -> Error {
    let said = message_of(&failure.body).unwrap_or_else(|| failure.message.clone());
    let error = match failure.stage.as_str() {
        "credentials" => error(ErrorCode::Unauthenticated, failure.message),
        "connect" => error(ErrorCode::Network, failure.message),
        // Whom it does not trust now it will not trust later.
        "tls" => Error { retryable: false, ..error(ErrorCode::Network, failure.message) },
        "timeout" => error(ErrorCode::Timeout, failure.message),
        "stream" => error(ErrorCode::Truncated, failure.message),
        "refused" => error(ErrorCode::InvalidRequest, failure.message),
        "status" => {
            let kind = failure.error_type.as_deref().unwrap_or_default();
            let error =
                classified(kind, said, class_of_type(kind).unwrap_or(class_of_status(failure.http_status)));
            // An endpoint or a proxy that is set wrong stays so.
            let is_misled = matches!(failure.http_status, Some(300..=399 | 407));
            Error { retryable: error.retryable && !is_misled, ..error }
        }
        _ => error(ErrorCode::Other, failure.message),
    };
    Error {
        http_status: failure.http_status,
        request_id: failure.request_id,
        retry_after_ms: failure.retry_after_ms,
        provider_code: failure.error_type.or(error.provider_code),
        ..error
    }
}

/// What an HTTP status alone says. A proxy in between answers without Bedrock's types.
fn class_of_status(status: Option<u16>) -> ErrorCode {
    match status {
        Some(300..=399 | 407) => ErrorCode::Network,
        Some(401) => ErrorCode::Unauthenticated,
        Some(403) => ErrorCode::PermissionDenied,
        Some(404) => ErrorCode::ModelNotFound,
        Some(408) => ErrorCode::Timeout,
        Some(429) => ErrorCode::RateLimited,
        Some(503) => ErrorCode::Overloaded,
        Some(400..=499) => ErrorCode::InvalidRequest,
        _ => ErrorCode::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, kind: Option<&str>, body: &str) -> Error {
        of_failure(Failure {
            stage: "status".into(),
            message: "HTTP error".into(),
            http_status: Some(status),
            error_type: kind.map(String::from),
            request_id: Some("r-1".into()),
            retry_after_ms: None,
            body: body.into(),
        })
    }

    fn staged(stage: &str) -> Error {
        of_failure(Failure {
            stage: stage.into(),
            message: "it failed".into(),
            http_status: None,
            error_type: None,
            request_id: None,
            retry_after_ms: Some(7),
            body: Vec::new(),
        })
    }

    #[test]
    fn stages_have_their_classes() {
        for (stage, code) in [
            ("credentials", ErrorCode::Unauthenticated),
            ("connect", ErrorCode::Network),
            ("tls", ErrorCode::Network),
            ("timeout", ErrorCode::Timeout),
            ("stream", ErrorCode::Truncated),
            ("refused", ErrorCode::InvalidRequest),
            ("novel", ErrorCode::Other),
        ] {
            assert_eq!(staged(stage).code, code, "{stage}");
        }
        assert!(staged("credentials").remedy.is_some());
        assert_eq!(staged("connect").retry_after_ms, Some(7));
    }

    #[test]
    fn what_is_set_wrong_does_not_pass() {
        assert!(!staged("tls").retryable);
        for status in [301, 307, 407] {
            let error = answered(status, None, "");
            assert_eq!((error.code, error.retryable), (ErrorCode::Network, false), "{status}");
        }
    }

    #[test]
    fn error_types_have_their_classes() {
        for (status, kind, code, retryable) in [
            (403, "AccessDeniedException", ErrorCode::PermissionDenied, false),
            (403, "ExpiredTokenException", ErrorCode::Unauthenticated, false),
            (403, "MissingAuthenticationTokenException", ErrorCode::Unauthenticated, false),
            (403, "UnrecognizedClientException", ErrorCode::Unauthenticated, false),
            (404, "ResourceNotFoundException", ErrorCode::ModelNotFound, false),
            (429, "ModelNotReadyException", ErrorCode::ModelNotReady, true),
            (408, "ModelTimeoutException", ErrorCode::Timeout, true),
            (424, "ModelErrorException", ErrorCode::Internal, false),
            (429, "ThrottlingException", ErrorCode::RateLimited, true),
            (503, "ServiceUnavailableException", ErrorCode::Overloaded, true),
            (500, "InternalServerException", ErrorCode::Internal, true),
            (400, "ServiceQuotaExceededException", ErrorCode::QuotaExceeded, false),
            (418, "TeapotException", ErrorCode::InvalidRequest, false),
            (599, "NovelException", ErrorCode::Internal, true),
        ] {
            let error = answered(status, Some(kind), r#"{"Message":"why"}"#);
            assert_eq!((error.code, error.retryable), (code, retryable), "{kind}");
            assert_eq!(error.message, "why");
            assert_eq!(error.provider_code.as_deref(), Some(kind));
            assert_eq!(error.request_id.as_deref(), Some("r-1"));
        }
    }

    #[test]
    fn wordings_refine_validation_failures() {
        for (message, code, remedy) in [
            ("Input is too long for requested model.", ErrorCode::ContextTooLong, WINDOW),
            ("The provided model identifier is invalid.", ErrorCode::ModelNotFound, MODEL),
            ("Invocation with on-demand throughput isn't supported.", ErrorCode::ModelNotFound, PROFILE),
            (
                "Invocation with on-demand throughput isn\u{2019}t supported.",
                ErrorCode::ModelNotFound,
                PROFILE,
            ),
        ] {
            let body = serde_json::json!({ "message": message }).to_string();
            let error = answered(400, Some("ValidationException"), &body);
            assert_eq!(error.code, code, "{message}");
            assert_eq!(error.remedy.as_deref(), Some(remedy));
        }
        let daily = of_exception(
            "throttlingException",
            br#"{"message":"Too many tokens per day, please wait"}"#,
            None,
        );
        assert_eq!(daily.code, ErrorCode::QuotaExceeded);
        assert!(!daily.retryable);
        // Many tokens a minute are a throttle, never a conversation that is too long.
        let minute =
            of_exception("throttlingException", br#"{"message":"Too many input tokens, please wait"}"#, None);
        assert_eq!(minute.code, ErrorCode::RateLimited);
    }

    #[test]
    fn exceptions_without_a_readable_payload_still_say_what_they_are() {
        let error = of_exception("modelStreamErrorException", b"\xff", Some("r".into()));
        assert_eq!(error.code, ErrorCode::Internal);
        assert!(error.message.contains("modelStreamErrorException"));
        assert_eq!(of_exception("novelException", b"{}", None).code, ErrorCode::Internal);
    }
}
