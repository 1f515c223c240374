//! The HTTP errors: status, name and message of each, as data.

use serde_json::{Value, json};

use crate::Scenario;
use crate::registry::{Answer, Call, Entry, Parameter};

/// An HTTP error of the service.
#[derive(Debug)]
pub(crate) struct HttpError {
    name: &'static str,
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    message: &'static str,
    /// Members of the body beside the message, as JSON.
    more: &'static str,
}

const fn error(name: &'static str, status: u16, code: &'static str, message: &'static str) -> HttpError {
    HttpError { name, code, status, message, more: "{}" }
}

/// What a model says that does not take something of the request.
const fn refusal(name: &'static str, message: &'static str) -> HttpError {
    error(name, 400, "ValidationException", message)
}

pub(crate) const HTTP_ERRORS: &[HttpError] = &[
    error(
        "access-denied",
        403,
        "AccessDeniedException",
        "You don't have access to the model with the specified model ID.",
    ),
    error(
        "validation",
        400,
        "ValidationException",
        "The model returned the following errors: messages.0: invalid.",
    ),
    error("context-overflow", 400, "ValidationException", "Input is too long for requested model."),
    error(
        "on-demand",
        400,
        "ValidationException",
        "Invocation of model ID sim.on-demand-v1:0 with on-demand throughput isn\u{2019}t supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
    ),
    error("throttling", 429, "ThrottlingException", "Too many requests, please wait before trying again."),
    error("too-many-tokens", 429, "ThrottlingException", "Too many tokens, please wait before trying again."),
    error(
        "model-not-ready",
        429,
        "ModelNotReadyException",
        "The model is not ready for inference. Wait and try your request again.",
    ),
    error(
        "service-unavailable",
        503,
        "ServiceUnavailableException",
        "Bedrock is unable to process your request.",
    ),
    error(
        "internal-server",
        500,
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    error(
        "model-timeout",
        408,
        "ModelTimeoutException",
        "Model has timed out in processing the request. Try your request again.",
    ),
    HttpError {
        name: "model-error",
        code: "ModelErrorException",
        status: 424,
        message: "The model returned an error while processing the request.",
        more: r#"{"originalStatusCode":500,"resourceName":"sim.model-error-v1:0"}"#,
    },
    HttpError {
        name: "model-stream-error",
        code: "ModelStreamErrorException",
        status: 424,
        message: "The model returned an error while streaming.",
        more: r#"{"originalStatusCode":500,"originalMessage":"stream broke"}"#,
    },
    error(
        "resource-not-found",
        404,
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    ),
    error(
        "service-quota",
        400,
        "ServiceQuotaExceededException",
        "Your request exceeds the service quota for your account.",
    ),
    error(
        "conflict",
        400,
        "ConflictException",
        "Error occurred because of a conflict while performing an operation.",
    ),
    error(
        "expired-token",
        403,
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    error(
        "unrecognized-client",
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    ),
    error(
        "invalid-signature",
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
    error(
        "missing-authentication",
        403,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    ),
    refusal("refuse-temperature", "`temperature` is deprecated for this model."),
    refusal(
        "refuse-top-p",
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    ),
    refusal(
        "refuse-stop-sequences",
        "This model doesn't support the stopSequences field. Remove stopSequences and try again.",
    ),
    refusal("refuse-effort", "output_config.effort: Extra inputs are not permitted"),
    refusal("refuse-thinking", "\"thinking.type.adaptive\" is not supported for this model."),
    refusal(
        "refuse-cache-point",
        "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for more information.",
    ),
    refusal("refuse-cache-ttl", "Extended TTL prompt caching is only supported for Anthropic models."),
    refusal("refuse-cache-points", "A maximum of 4 blocks with cache_control may be provided. Found 5."),
    refusal("refuse-signature", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    refusal("refuse-binding", "messages.1.content.0: `thinking` block is bound to a different conversation"),
    refusal(
        "refuse-reasoning",
        "User messages cannot contain reasoning content. Please remove the reasoning content and try again.",
    ),
    refusal("refuse-streamed-tools", "This model doesn't support tool use in streaming mode."),
    refusal(
        "refuse-tool-choice",
        "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.",
    ),
    refusal("refuse-strict-tools", "tools.0.custom.strict: Extra inputs are not permitted"),
    refusal(
        "refuse-tool-history",
        "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
    ),
    refusal(
        "refuse-mixed-results",
        "Conversation blocks and tool result blocks cannot be provided in the same turn.",
    ),
    refusal(
        "refuse-output-schema",
        "Malformed input request: extraneous key [outputConfig] is not permitted, please reformat your input and try again.",
    ),
    refusal("refuse-complex-schema", "Schema is too complex for compilation."),
    refusal(
        "refuse-system",
        "This model doesn't support system messages. Try again without a system message or use a model that supports system messages.",
    ),
    refusal("refuse-images", "This model doesn't support the image content block that you provided."),
    refusal("refuse-documents", "This model doesn't support documents."),
    refusal(
        "refuse-opening",
        "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
    ),
    refusal(
        "refuse-prefill",
        "This model does not support assistant message prefill. The conversation must end with a user message.",
    ),
    refusal("refuse-blank-text", "messages: text content blocks must contain non-whitespace text"),
    refusal(
        "refuse-max-tokens",
        "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.",
    ),
    refusal("refuse-tier", "The provided model identifier is invalid."),
    refusal("refuse-latency", "This model doesn't support the performanceConfig latency that you chose."),
    // The caller brings its own code and status.
    error("error", 500, "FutureException", "An error that nobody has modelled."),
];

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "message", default: "", about: "another message" },
    Parameter { name: "code", default: "", about: "another error name" },
    Parameter { name: "status", default: "0", about: "another HTTP status" },
    Parameter { name: "retry-after", default: "", about: "the Retry-After header, in seconds" },
    Parameter { name: "amz-retry-after", default: "", about: "the x-amz-retry-after header, in ms" },
];

pub(crate) fn entries() -> impl Iterator<Item = Entry> {
    HTTP_ERRORS.iter().map(|error| Entry {
        name: error.name,
        about: error.code,
        parameters: PARAMETERS,
        answer: Answer::HttpError(error),
        reads_request: false,
        yields_to_tool_result: false,
    })
}

pub(crate) fn build(error: &HttpError, call: &Call<'_>) -> Scenario {
    let args = &call.args;
    let message = args.optional("message").unwrap_or_else(|| error.message.to_owned());
    let code = args.optional("code").unwrap_or_else(|| error.code.to_owned());
    let status = match u16::try_from(args.number("status")) {
        Ok(status) if status != 0 => status,
        _ => error.status,
    };
    let mut body = json!({ "message": message });
    let more: Value = serde_json::from_str(error.more).unwrap_or_default();
    crate::events::merge(&mut body, more);
    let scenario = Scenario::json(status, &body).header("x-amzn-errortype", &code);
    [("retry-after", "retry-after"), ("amz-retry-after", "x-amz-retry-after")]
        .iter()
        .filter_map(|(parameter, header)| Some((header, args.optional(parameter)?)))
        .fold(scenario, |scenario, (header, value)| scenario.header(header, &value))
}
