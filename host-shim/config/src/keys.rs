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
const FALLBACK: Text = Text::Pattern(
    "^(fallbacks|profile:[a-z-]+|region:[a-z0-9-]+|[^\\s/]+/[^\\s]+)$",
    "PROVIDER/ID, \"profile:GEOGRAPHY\", \"region:REGION\" or \"fallbacks\"",
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
    members: &[
        key(
            "limits",
            Shape::Object(&LIMITS),
            "",
            "What every plugin may use up. The same keys in an entry win, one by one. An addition to OpenClaw's keys.",
        ),
        key("entries", Shape::Map(Whose::Entries, &Shape::Object(&ENTRY)), "", ""),
    ],
};

/// The entry of a Bedrock provider.
pub(crate) static ENTRY: Object = Object {
    others: Others::Ignored,
    members: &[
        ENABLED,
        key("config", Shape::Object(&ENTRY_CONFIG), "", ""),
        FILE,
        DIGEST,
        PUBLIC_KEY,
        SIGNATURE,
        ALLOW_UNPINNED,
        ISOLATION,
        ENTRY_LIMITS,
    ],
};

/// An entry of any other name, which is ours where it has one of [`COMPONENT_KEYS`].
pub(crate) static PLUGIN_ENTRY: Object = Object {
    others: Others::Compared,
    members: &[
        ENABLED,
        key("config", Shape::Handed, "`{}`", "The plugin's own settings, handed to it as they are written."),
        FILE.required(),
        DIGEST,
        PUBLIC_KEY,
        SIGNATURE,
        ALLOW_UNPINNED,
        key(
            "bedrock",
            Shape::SwitchOr(PROVIDER_NAME),
            "false",
            "Whether the plugin may call Bedrock: `true` with the credentials and under the policy of `amazon-bedrock`, a \
             name with those of that provider. Otherwise every call of the bridge fails. An addition to OpenClaw's keys.",
        ),
        ISOLATION,
        ENTRY_LIMITS,
    ],
};

/// Keys that no other program has in an entry.
pub(crate) const COMPONENT_KEYS: &[&str] =
    &["file", "digest", "publicKey", "signature", "allowUnpinned", "bedrock", "isolation", "limits"];

const ENABLED: Key = key(
    "enabled",
    Shape::Switch,
    "true",
    "`false`: the entry's component is not loaded. `amazon-bedrock` is always there; it falls back on the bundled one.",
);
const FILE: Key = key(
    "file",
    Shape::Text(Text::Free),
    "the bundled component for `amazon-bedrock`",
    "The component to load; a relative path begins at the folder of this file. It serves the models `NAME/ID`. That of \
     `amazon-bedrock` serves every Bedrock provider without one of its own. An addition to OpenClaw's keys.",
);
const DIGEST: Key = key(
    "digest",
    Shape::Text(Text::Pattern("^sha256:[0-9a-fA-F]{64}$", "\"sha256:\" and 64 hexadecimal digits")),
    "",
    "The SHA-256 that the file must have; `outcrop plugin pin NAME` writes it. An addition to OpenClaw's keys.",
);
const PUBLIC_KEY: Key = key(
    "publicKey",
    Shape::Text(Text::Pattern(
        "^RW[A-Za-z0-9+/]{54}$",
        "a minisign public key: \"RW\" and 54 more characters",
    )),
    "",
    "The file must be signed with this minisign key. An addition to OpenClaw's keys.",
);
const SIGNATURE: Key = key(
    "signature",
    Shape::Text(Text::Free),
    "`file` and `.minisig`",
    "The file of the signature. An addition to OpenClaw's keys.",
);
const ALLOW_UNPINNED: Key = key(
    "allowUnpinned",
    Shape::Switch,
    "false",
    "`true`: the file is loaded though neither `digest` nor `publicKey` says which one is meant. An addition to \
     OpenClaw's keys.",
);
const ISOLATION: Key = key(
    "isolation",
    Shape::Text(Text::Word(&["stream", "plugin"])),
    "`amazon-bedrock`'s for its like, else \"stream\"",
    "`stream`: each stream runs in an instance of the plugin that nobody else uses. `plugin`: all streams of a \
     trusted plugin share one, which costs less memory and CPU. An addition to OpenClaw's keys.",
);
const ENTRY_LIMITS: Key = key(
    "limits",
    Shape::Object(&LIMITS),
    "",
    "What this plugin may use up, over `plugins.limits`. An addition to OpenClaw's keys.",
);

/// What a plugin may use up; the names of a limit's errors.
pub(crate) static LIMITS: Object = Object {
    others: Others::Refused,
    members: &[
        limit("memoryBytes", 65_536, 1 << 32, "67108864", "Bytes of linear memory of one instance."),
        limit("tableElements", 16, 10_000_000, "20000", "Elements of all tables of an instance."),
        limit("hostCallBytes", 4096, 1 << 32, "33554432", "Bytes that may cross in one call to the host."),
        limit("handles", 8, 1_000_000, "1024", "Resource handles of one instance."),
        limit("callTimeMs", 10, 60_000, "100", "Milliseconds on the CPU of one call into the plugin."),
        limit("streams", 1, 100_000, "64", "Streams of the plugin at a time."),
        limit(
            "processStreams",
            1,
            100_000,
            "256",
            "Streams of the whole process at a time, beyond which this plugin begins none.",
        ),
        limit(
            "queuedStreams",
            0,
            100_000,
            "0: `overloaded` at once",
            "Streams of the plugin that may wait for a place when all are taken.",
        ),
        limit("queueTimeMs", 1, 86_400_000, "30000", "Milliseconds that they wait."),
        limit("componentBytes", 1024, 256 << 20, "8388608", "Bytes of the component's file."),
        limit(
            "answerBytes",
            65_536,
            1 << 32,
            "67108864",
            "Bytes that one answer, or one listing, may take up in the host: its text, and 64 for each chunk, delta and \
             JSON value.",
        ),
        limit(
            "cpuShare",
            1,
            100,
            "75",
            "Percent of the time of the runtime's threads that all streams of the plugin may use over time.",
        ),
        limit("bridgeCalls", 1, 64, "8", "Calls to Bedrock that one stream may have under way."),
        limit("logLines", 0, 10_000, "100", "Lines that one call may log; those beyond are left out."),
        limit("logLineBytes", 16, 65_536, "4096", "Bytes of a logged line; what is longer is cut off."),
        limit("connectMs", 1, 600_000, "10000", "Milliseconds for a connection to Bedrock to be made."),
        limit(
            "firstContentMs",
            1,
            86_400_000,
            "60000; 300000 where the model is asked to think",
            "Milliseconds until the first content, where the request does not say.",
        ),
        limit(
            "silenceMs",
            1,
            86_400_000,
            "60000",
            "Milliseconds between two arrivals, where the request does not say.",
        ),
        limit(
            "totalMs",
            1,
            86_400_000,
            "none",
            "Milliseconds for a whole answer, where the request does not say.",
        ),
    ],
};

const fn limit(name: &'static str, least: u64, most: u64, default: &'static str, about: &'static str) -> Key {
    key(name, Shape::Number(Bound::Whole(least, most)), default, about)
}

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
        key(
            "attempts",
            Shape::Number(Bound::Positive),
            "3",
            "How often a request is tried before its first content, the first time included. An addition to OpenClaw's \
             keys; [reliability](reliability.md) has this one and the next two.",
        ),
        key(
            "failover",
            Shape::List(&Shape::Text(FALLBACK)),
            "`[]`: nowhere",
            "Where else to ask, in order, while no content has come: `PROVIDER/ID`, `profile:GEOGRAPHY`, \
             `region:REGION`, or `fallbacks` for those of `agents.defaults.model`. An addition to OpenClaw's keys.",
        ),
        key(
            "adaptiveRate",
            Shape::Switch,
            "false",
            "Whether requests are held back after Bedrock has throttled. An addition to OpenClaw's keys.",
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
const ADDITIONS: &[&str] = &["region", "profile", "discoveryBaseUrl", "attempts", "failover", "adaptiveRate"];

/// Whether OpenClaw, which refuses files with keys that it does not know, would refuse this one.
pub(crate) fn is_addition(path: &KeyPath) -> bool {
    let names: Vec<_> = path.steps().iter().map(Step::name).collect();
    match names[..] {
        [Some("models"), Some("providers"), Some(_), Some(name)] => ADDITIONS.contains(&name),
        [Some("plugins"), Some("entries"), Some(_), Some(name), ..] => COMPONENT_KEYS.contains(&name),
        [Some("plugins"), Some("limits"), ..] => true,
        _ => false,
    }
}

/// The name of a provider as model ids begin with it: small letters, and no alias.
pub(crate) fn normal_name(name: &str) -> String {
    let name = name.trim().to_lowercase();
    if ALIASES.contains(&name.as_str()) { MAIN.to_owned() } else { name }
}
