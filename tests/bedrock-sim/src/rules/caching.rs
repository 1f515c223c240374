//! Cache points: who takes them, where, how many and for how long.

use serde_json::Value;

use super::Rule;
use super::family::Caching;
use super::view::{Message, Request, array};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "cache-unsupported",
        about: "a cache point for a model that caches nothing, or by itself alone",
        source: "Boise-State-Development/agentcore-public-stack#1064, LiteLLM's flags",
        refuses: unsupported,
    },
    Rule {
        name: "cache-among-tools",
        about: "a cache point among the tools, for Nova",
        source: "danny-avila/LibreChat#13838",
        refuses: among_tools,
    },
    Rule {
        name: "too-many-cache-points",
        about: "more than four cache points",
        source: "twenty#26217",
        refuses: count,
    },
    Rule {
        name: "cache-lifetime",
        about: "`ttl` for a family that knows one lifetime: Nova refuses any but its own, Claude before 4.5 any",
        source: "earendil-works/pi#1570, timothy-agent/timothy#756",
        refuses: lifetime,
    },
    Rule {
        name: "cache-order",
        about: "a longer lifetime after a shorter one, tools before system before messages",
        source: "strands-agents/harness-sdk#2232, strands-agents/sdk-typescript#1089",
        refuses: order,
    },
];

/// The most cache points of a request.
const MOST: usize = 4;

/// Every cache point in the order in which Bedrock reads them.
fn points<'a>(request: &Request<'a>) -> Vec<&'a Value> {
    let point = |block: &'a Value| block.get("cachePoint");
    let tools = request.tools().iter().filter_map(point);
    let system = array(request.body.get("system")).iter().filter_map(point);
    let messages = request.messages().flat_map(Message::blocks).filter_map(|block| block.get("cachePoint"));
    tools.chain(system).chain(messages).collect()
}

fn unsupported(request: &Request<'_>) -> Option<String> {
    (request.model.family.caching == Caching::Refused && !points(request).is_empty()).then(|| {
        "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for \
         more information."
            .to_owned()
    })
}

fn among_tools(request: &Request<'_>) -> Option<String> {
    if request.model.family.caching != Caching::NotInTools {
        return None;
    }
    let index = request.tools().iter().position(|tool| tool.get("cachePoint").is_some())?;
    Some(format!(
        "Malformed input request: #/toolConfig/tools/{index}: extraneous key [cachePoint] is not permitted, please \
         reformat your input and try again."
    ))
}

fn count(request: &Request<'_>) -> Option<String> {
    let found = points(request).len();
    (found > MOST).then(|| {
        format!(
            "The model returned the following errors: A maximum of {MOST} blocks with cache_control may be provided. \
             Found {found}."
        )
    })
}

fn lifetime(request: &Request<'_>) -> Option<String> {
    let points = points(request);
    let asks = |ttl: &str| points.iter().any(|point| point["ttl"] == ttl);
    match request.model.family.caching {
        Caching::NotInTools if asks("1h") => {
            Some("Extended TTL prompt caching is only supported for Anthropic models".to_owned())
        }
        Caching::Short if asks("1h") => Some(
            "The model returned the following errors: system.0.cache_control.ephemeral.ttl: Extra inputs are not \
             permitted"
                .to_owned(),
        ),
        _ => None,
    }
}

fn order(request: &Request<'_>) -> Option<String> {
    let points = points(request);
    let long = |point: &Value| point["ttl"] == "1h";
    points.windows(2).any(|pair| !long(pair[0]) && long(pair[1])).then(|| {
        "The model returned the following errors: a ttl='1h' cache_control block must not come after a ttl='5m' \
         cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
            .to_owned()
    })
}
