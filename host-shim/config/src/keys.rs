//! The table of keys: every one that Outcrop reads, what it may hold, what it means.
//!
//! Names, places and defaults are those of OpenClaw's documentation; `region`, `profile` and
//! `discoveryBaseUrl` of a provider and `isolation` of a plugin are additions.

use crate::path::{KeyPath, Step};
use crate::shape::{Bound, Key, Need, Object, Others, Shape, Text, Whose, key};

/// The provider that is there without being configured.
pub(crate) const MAIN: &str = "amazon-bedrock";
/// Other names for it.
pub(crate) const ALIASES: &[&str] = &["bedrock", "aws-bedrock"];
/// The `api` of providers that are Bedrock's.
pub(crate) const API: &str = "bedrock-converse-stream";

/// The reader's defaults, which the texts below repeat.
pub(crate) const REFRESH_SECONDS: u64 = 3600;
pub(crate) const CONTEXT_WINDOW: u32 = 32_000;
pub(crate) const MAX_TOKENS: u32 = 4096;

pub(crate) const SERVICE_TIERS: &[&str] = &["default", "priority", "flex", "reserved"];
pub(crate) const CACHE_RETENTIONS: &[&str] = &["none", "short", "long"];

const REGION: Text = Text::Pattern("^[a-z]{2,}(-[a-z0-9]+)+-[0-9]+$", "an AWS region such as \"us-east-1\"");
const URL: Text = Text::Pattern(
    "^[hH][tT][tT][pP][sS]?://[^\\s/?#@]+(/[^\\s?#]*)?$",
    "a URL such as \"https://bedrock-runtime.us-east-1.amazonaws.com\", without user, query or fragment",
);
const HEADER_VALUE: Text = Text::Pattern("^[\\t\\x20-\\x7e]*$", "a string of printable ASCII");

/// Headers that are the signature's, the connection's or the body's.
pub(crate) const RESERVED_HEADERS: Text = Text::Pattern(
    "^(?i:authorization|host|x-amz-.*|content-type|content-length|transfer-encoding|connection|expect|te|trailer|upgrade)$",
    "reserved",
);
/// What HTTP takes as a header's name.
pub(crate) const HEADER_NAME: Text =
    Text::Pattern("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "letters, digits and hyphens");
/// What can be a prefix of model ids.
pub(crate) const PROVIDER_NAME: Text =
    Text::Pattern("^[A-Za-z0-9][A-Za-z0-9._-]*$", "letters, digits and . _ -");

/// The top level.
pub(crate) static ROOT: Object = Object {
    others: Others::Ignored,
    members: &[
        key("models", Shape::Object(&MODELS), "", ""),
        key("plugins", Shape::Object(&PLUGINS), "", ""),
        key("agents", Shape::Object(&AGENTS), "", ""),
    ],
};

static MODELS: Object = Object {
    others: Others::Compared,
    members: &[
        key(
            "mode",
            Shape::Text(Text::Word(&["merge", "replace"])),
            "\"merge\"",
            "`merge`: configured models are laid over the discovered ones, field by field. `replace`: they are offered \
             in place of them, for each provider that has any.",
        ),
        key(
            "bedrockDiscovery",
            Shape::Object(&DISCOVERY),
            "",
            "The older home of `plugins.entries.amazon-bedrock.config.discovery`, with the same keys. Where both have a \
             key, the other one wins.",
        ),
        key("providers", Shape::Map(Whose::Providers, &Shape::Object(&PROVIDER)), "", ""),
    ],
};

static PLUGINS: Object = Object {
    others: Others::Ignored,
    members: &[key("entries", Shape::Map(Whose::Entries, &Shape::Object(&ENTRY)), "", "")],
};

static ENTRY: Object = Object {
    others: Others::Ignored,
    members: &[
        key("config", Shape::Object(&ENTRY_CONFIG), "", ""),
        key(
            "isolation",
            Shape::Text(Text::Word(&["stream", "plugin"])),
            "`amazon-bedrock`'s, then \"stream\"",
            "`stream`: each stream runs in an instance of the plugin that nobody else uses. `plugin`: all streams of a \
             trusted plugin share one, which costs less memory and CPU. An addition to OpenClaw's keys.",
        ),
    ],
};

static ENTRY_CONFIG: Object = Object {
    others: Others::Compared,
    members: &[
        key("discovery", Shape::Object(&DISCOVERY), "", ""),
        key(
            "guardrail",
            Shape::Object(&GUARDRAIL),
            "",
            "Applied to every request; neither a request nor a plugin can leave it out.",
        ),
    ],
};

/// `bedrockDiscovery` and `discovery`.
pub(crate) static DISCOVERY: Object = Object {
    others: Others::Refused,
    members: &[
        key(
            "enabled",
            Shape::Switch,
            "true when credentials are found",
            "`false`: only configured models are offered, and AWS is not asked for others.",
        ),
        key(
            "region",
            Shape::Text(REGION),
            "`AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, `us-east-1`",
            "The AWS region, where the provider does not name one itself.",
        ),
        key(
            "providerFilter",
            Shape::List(&Shape::Text(Text::Any)),
            "`[]`: all",
            "Only models of these makers (`anthropic`, `amazon`); upper and lower case are the same.",
        ),
        key(
            "refreshInterval",
            Shape::Number(Bound::None),
            "3600",
            "Seconds for which a listing is fresh. Rounded down; below 0 is 0; 0 asks every time.",
        ),
        key(
            "defaultContextWindow",
            Shape::Number(Bound::None),
            "32000",
            "For models whose context window is not known. Rounded down; below 1 is the default.",
        ),
        key(
            "defaultMaxTokens",
            Shape::Number(Bound::None),
            "4096",
            "For models whose output limit is not known. Rounded down; below 1 is the default.",
        ),
    ],
};

static GUARDRAIL: Object = Object {
    others: Others::Refused,
    members: &[
        key(
            "guardrailIdentifier",
            Shape::Text(Text::Pattern(
                "^([a-z0-9]+|arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+)$",
                "a guardrail's id (small letters and digits) or its ARN",
            )),
            "",
            "The guardrail's id or ARN.",
        )
        .required(),
        key(
            "guardrailVersion",
            Shape::Text(Text::Pattern(
                "^([1-9][0-9]{0,7}|DRAFT)$",
                "a version's number as a string (\"1\"), or \"DRAFT\"",
            )),
            "",
            "A published version, or `\"DRAFT\"`.",
        )
        .required(),
        key(
            "streamProcessingMode",
            Shape::Text(Text::Word(&["sync", "async"])),
            "Bedrock's own",
            "Whether text is held back until the guardrail has seen it.",
        ),
        key(
            "trace",
            Shape::Text(Text::Word(&["enabled", "disabled", "enabled_full"])),
            "Bedrock's own",
            "Whether answers tell what the guardrail found.",
        ),
    ],
};

static PROVIDER: Object = Object {
    others: Others::Compared,
    members: &[
        key(
            "baseUrl",
            Shape::Text(URL),
            "the region's endpoint",
            "Where requests go. A standard host (`bedrock-runtime.REGION.amazonaws.com`) only names the region; any other \
             is the endpoint itself.",
        ),
        key(
            "api",
            Shape::Text(Text::Word(&[API])),
            "\"bedrock-converse-stream\" for `amazon-bedrock`",
            "Makes a provider of any other name an instance of Bedrock.",
        ),
        key(
            "auth",
            Shape::Text(Text::Word(&["aws-sdk", "api-key", "oauth", "token"])),
            "\"aws-sdk\"",
            "Credentials come from the AWS SDK's chain, whatever stands here; other values are remarked upon.",
        ),
        key(
            "headers",
            Shape::Map(Whose::Headers, &Shape::Text(HEADER_VALUE)),
            "",
            "HTTP headers for every request, put in before signing. `authorization`, `host`, `x-amz-*` and those of \
             the body and the connection are refused.",
        ),
        key(
            "region",
            Shape::Text(REGION),
            "`baseUrl`'s, then `discovery.region`",
            "The AWS region of this provider. An addition to OpenClaw's keys.",
        ),
        key(
            "profile",
            Shape::Text(Text::Free),
            "`AWS_PROFILE`",
            "The profile of the AWS configuration files whose credentials this provider uses, over keys in the \
             environment. An addition to OpenClaw's keys.",
        ),
        key(
            "discoveryBaseUrl",
            Shape::Text(URL),
            "the region's endpoint",
            "Where the listings of models are asked for: the endpoint of `bedrock`, as `baseUrl` is that of \
             `bedrock-runtime`. An addition to OpenClaw's keys.",
        ),
        key("models", Shape::List(&Shape::Object(&MODEL)), "`[]`", "Models to offer, or to say more of."),
    ],
};

static MODEL: Object = Object {
    others: Others::Compared,
    members: &[
        key("id", Shape::Text(Text::Free), "", "Bedrock's id: of a model, an inference profile, or an ARN.")
            .required(),
        key("name", Shape::Text(Text::Free), "the discovered one, or the id", "What a person calls it."),
        key("reasoning", Shape::Switch, "as known", "Whether it can think before it answers."),
        key(
            "input",
            Shape::List(&Shape::Text(Text::Word(&["text", "image", "document", "video", "audio"]))),
            "as known",
            "What it takes.",
        ),
        key("cost", Shape::Object(&COST), "as known", "US dollars per million tokens."),
        key(
            "contextWindow",
            Shape::Number(Bound::Positive),
            "as known",
            "Tokens of input and output together.",
        ),
        key("maxTokens", Shape::Number(Bound::Positive), "as known", "Tokens of output, at most."),
        key("params", Shape::Object(&PARAMS), "", "Defaults of requests to this model."),
    ],
};

static COST: Object = Object {
    others: Others::Compared,
    members: &[
        key("input", Shape::Number(Bound::NotNegative), "as known", "Input tokens that are not cached."),
        key("output", Shape::Number(Bound::NotNegative), "as known", "Output tokens."),
        key("cacheRead", Shape::Number(Bound::NotNegative), "as known", "Input tokens read from the cache."),
        key(
            "cacheWrite",
            Shape::Number(Bound::NotNegative),
            "as known",
            "Input tokens written to the cache.",
        ),
    ],
};

/// Requests' defaults, wherever they stand.
pub(crate) static PARAMS: Object = Object {
    others: Others::Compared,
    members: &[
        key(
            "serviceTier",
            Shape::Text(Text::Word(SERVICE_TIERS)),
            "Bedrock's own",
            "The service tier of requests. Also written `service_tier`.",
        )
        .lenient(),
        Key {
            name: "service_tier",
            shape: Shape::Text(Text::Word(SERVICE_TIERS)),
            need: Need::Lenient,
            default: "",
            about: "",
        },
        key(
            "cacheRetention",
            Shape::Text(Text::Word(CACHE_RETENTIONS)),
            "the plugin's",
            "How long what was sent stays cached: not at all, five minutes, an hour.",
        )
        .lenient(),
        key(
            "canonicalModelId",
            Shape::Text(Text::Free),
            "",
            "The model behind an id that hides it, such as an application profile's ARN.",
        )
        .lenient(),
    ],
};

static AGENTS: Object =
    Object { others: Others::Ignored, members: &[key("defaults", Shape::Object(&AGENT_DEFAULTS), "", "")] };

static AGENT_DEFAULTS: Object = Object {
    others: Others::Ignored,
    members: &[
        key(
            "model",
            Shape::TextOr(Text::Free, &CHOICE),
            "",
            "The model of requests that name none: `PROVIDER/ID`. A string, or an object with `primary` and `fallbacks`.",
        ),
        key("params", Shape::Object(&PARAMS), "", "Defaults of all requests."),
        key(
            "models",
            Shape::Map(Whose::Models, &Shape::Object(&MODEL_DEFAULTS)),
            "",
            "By `PROVIDER/ID`: what is said of one model.",
        ),
    ],
};

static CHOICE: Object = Object {
    others: Others::Compared,
    members: &[
        key("primary", Shape::Text(Text::Free), "", "The same as the string."),
        key(
            "fallbacks",
            Shape::List(&Shape::Text(Text::Free)),
            "`[]`",
            "Models to try in turn where the one before cannot answer.",
        ),
    ],
};

static MODEL_DEFAULTS: Object = Object {
    others: Others::Ignored,
    members: &[key(
        "params",
        Shape::Object(&PARAMS),
        "",
        "Defaults of requests to this model; they win over the other two.",
    )],
};

/// Keys of a provider that OpenClaw does not have.
const ADDITIONS: &[&str] = &["region", "profile", "discoveryBaseUrl"];

/// Keys of a plugin's entry that OpenClaw does not have.
const ENTRY_ADDITIONS: &[&str] = &["isolation"];

/// Whether OpenClaw, which refuses files with keys that it does not know, would refuse this one.
pub(crate) fn is_addition(path: &KeyPath) -> bool {
    let names: Vec<_> = path.steps().iter().map(Step::name).collect();
    match names[..] {
        [Some("models"), Some("providers"), Some(_), Some(name)] => ADDITIONS.contains(&name),
        [Some("plugins"), Some("entries"), Some(_), Some(name)] => ENTRY_ADDITIONS.contains(&name),
        _ => false,
    }
}

/// The name of a provider as model ids begin with it: small letters, and no alias.
pub(crate) fn normal_name(name: &str) -> String {
    let name = name.trim().to_lowercase();
    if ALIASES.contains(&name.as_str()) { MAIN.to_owned() } else { name }
}
