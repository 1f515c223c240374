//! The Security Token Service, as far as it says whose credentials these are. It speaks XML.

use bytes::Bytes;

use crate::{AuthOutcome, Scenario, Step};

/// Whoever signs in.
pub(crate) const CALLER: &str = "arn:aws:iam::123456789012:user/simulator";

/// The answer to GetCallerIdentity.
pub(crate) fn caller_identity() -> Scenario {
    let result = format!("<Arn>{CALLER}</Arn><UserId>AIDASIMULATOR</UserId><Account>123456789012</Account>");
    xml(
        200,
        &format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <GetCallerIdentityResult>{result}</GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>sim</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        ),
    )
}

/// The answer to a caller who is not believed. The service has names of its own for some of the reasons.
pub(crate) fn refusal(who: &AuthOutcome) -> Scenario {
    let AuthOutcome::Refused { code, message } = who else { return caller_identity() };
    let code = match code.as_str() {
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "ExpiredTokenException" => "ExpiredToken",
        other => other,
    };
    // A quoted request holds ampersands and the like.
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    xml(
        403,
        &format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
             <Code>{code}</Code><Message>{message}</Message></Error><RequestId>sim</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: u16, body: &str) -> Scenario {
    Scenario::stream(vec![Step::Raw(Bytes::from(body.to_owned()))])
        .status(status)
        .header("content-type", "text/xml")
}
