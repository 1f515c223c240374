//! The extensions of a request, each under its key, and their shapes.

use super::rewrites::below;
use crate::bindings::outcrop::provider::types::{Error, Extension};
use crate::errors;
use crate::json::{self, Object};

/// How long what was sent should stay cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retention {
    /// No automatic cache points.
    None,
    /// Five minutes.
    Short,
    /// An hour, where the model keeps that long.
    Long,
}

/// What the extensions ask for. Names ending in `json` hold JSON text.
#[derive(Default)]
pub(crate) struct Options {
    /// `guardrail`: an object in the form of `guardrailConfig`.
    pub(crate) guardrail_json: Option<String>,
    /// `service-tier`: `default`, `priority`, `flex`, `reserved`.
    pub(crate) service_tier: Option<String>,
    /// `latency`: `standard`, `optimized`.
    pub(crate) latency: Option<String>,
    /// `metadata`: an object of strings.
    pub(crate) metadata_json: Option<String>,
    /// `prompt-variables`: an object of strings.
    pub(crate) prompt_variables_json: Option<String>,
    /// `betas`: an array of strings.
    pub(crate) betas: Vec<String>,
    /// `model-fields`: an object, merged into the model's own fields.
    pub(crate) model_fields_json: Option<String>,
    /// `response-paths`: an array of JSON Pointers.
    pub(crate) response_paths: Vec<String>,
    /// `reasoning-display`: `summarized`, `omitted`; and where it stands.
    pub(crate) display: Option<(String, String)>,
    /// `cache-retention`: `none`, `short`, `long`.
    pub(crate) retention: Option<Retention>,
    /// `interleaved-thinking`: whether a model with a thinking budget may think between tool calls.
    pub(crate) interleaved: bool,
    /// `output-effort`: Converse's own `outputConfig.effort`, for models that take it.
    pub(crate) output_effort: Option<String>,
    /// `system-tools`: names of tools that Bedrock itself runs.
    pub(crate) system_tools: Vec<String>,
}

impl Options {
    pub(crate) fn read(extensions: &[Extension]) -> Result<Self, Error> {
        let mut options = Self { interleaved: true, ..Self::default() };
        let mut trace = None;
        for (number, Extension { key, value }) in extensions.iter().enumerate() {
            let at = below("/extensions", number);
            match key.as_str() {
                "guardrail" => options.guardrail_json = Some(guardrail(&at, value)?),
                "service-tier" => options.service_tier = Some(word(&at, value, TIERS)?),
                "latency" => options.latency = Some(word(&at, value, LATENCIES)?),
                "metadata" => options.metadata_json = metadata(&at, value)?,
                "prompt-variables" => {
                    options.prompt_variables_json = Some(string_map(&at, value, as_text)?);
                }
                "betas" => options.betas = strings(&at, value)?,
                "model-fields" => options.model_fields_json = Some(object(&at, value)?),
                "response-paths" => options.response_paths = response_paths(&at, value)?,
                "interleaved-thinking" => {
                    options.interleaved =
                        json::boolean(value).ok_or_else(|| errors::invalid(&at, "want true or false"))?;
                }
                "output-effort" => options.output_effort = Some(bounded(&at, value, LONGEST_EFFORT)?),
                "system-tools" => options.system_tools = strings(&at, value)?,
                "reasoning-display" => {
                    let display = word(&at, value, &["summarized", "omitted"])?;
                    options.display = Some((display, at));
                }
                "cache-retention" => {
                    let retention = word(&at, value, &["none", "short", "long"])?;
                    options.retention = Some(match retention.as_str() {
                        "short" => Retention::Short,
                        "long" => Retention::Long,
                        _ => Retention::None,
                    });
                }
                "trace" => trace = Some((word(&at, value, TRACES)?, at)),
                key => {
                    let message = ["extension `", key, "`"].concat();
                    return Err(errors::unsupported(&at, &message));
                }
            }
        }
        if let Some((trace, at)) = trace {
            let guardrail = options
                .guardrail_json
                .as_deref()
                .ok_or_else(|| errors::invalid(&at, "a trace is of a guardrail, and there is none"))?;
            options.guardrail_json = Some(traced(guardrail, &trace));
        }
        Ok(options)
    }
}

fn object(at: &str, value: &str) -> Result<String, Error> {
    if json::is_object(value) { Ok(value.trim().into()) } else { Err(errors::invalid(at, "want an object")) }
}

const TIERS: &[&str] = &["default", "priority", "flex", "reserved"];
const LATENCIES: &[&str] = &["standard", "optimized"];
const TRACES: &[&str] = &["enabled", "disabled", "enabled_full"];
const MODES: &[&str] = &["sync", "async"];

/// Bedrock's limits.
const LONGEST_EFFORT: usize = 16;
const MOST_METADATA: usize = 16;
const LONGEST_METADATA: usize = 256;
const MOST_PATHS: usize = 10;
const LONGEST_PATH: usize = 256;

/// A string of so many characters at most, and not empty.
fn bounded(at: &str, value: &str, most: usize) -> Result<String, Error> {
    json::string(value).filter(|text| !text.is_empty() && text.chars().count() <= most).ok_or_else(|| {
        errors::invalid(at, &["want a string of at most ", &most.to_string(), " characters"].concat())
    })
}

/// A guardrail as Converse takes it.
fn guardrail(at: &str, value: &str) -> Result<String, Error> {
    let object = Object::parse(value).ok_or_else(|| errors::invalid(at, "want an object"))?;
    for name in ["guardrailIdentifier", "guardrailVersion"] {
        if object.string(name).is_none() {
            return Err(errors::invalid(&[at, "/", name].concat(), "want a string"));
        }
    }
    for (name, words) in [("trace", TRACES), ("streamProcessingMode", MODES)] {
        if let Some(value) = object.get(name) {
            word(&[at, "/", name].concat(), value, words)?;
        }
    }
    Ok(value.trim().into())
}

/// Metadata, within what Bedrock takes; none where there is none.
fn metadata(at: &str, value: &str) -> Result<Option<String>, Error> {
    let text = string_map(at, value, quoted)?;
    let object = Object::parse(&text).ok_or_else(|| errors::invalid(at, "want an object of strings"))?;
    let pairs: Vec<(String, String)> = object
        .members()
        .map(|(name, value)| (name.to_owned(), json::string(value).unwrap_or_default()))
        .collect();
    if pairs.len() > MOST_METADATA {
        return Err(errors::invalid(at, "Bedrock takes 16 pairs"));
    }
    let taken = |text: &str| {
        text.chars().count() <= LONGEST_METADATA
            && text.chars().all(|sign| {
                sign.is_ascii_alphanumeric() || sign.is_ascii_whitespace() || ":_@$#=/+,-.".contains(sign)
            })
    };
    if let Some((name, _)) =
        pairs.iter().find(|(name, value)| name.is_empty() || !taken(name) || !taken(value))
    {
        let what =
            "Bedrock takes letters, digits, white space and :_@$#=/+,-. in names and values, 256 at most";
        let name: String = name.chars().take(40).collect();
        return Err(errors::invalid(&[at, "/", &name].concat(), what));
    }
    Ok((!pairs.is_empty()).then_some(text))
}

/// JSON Pointers into the model's own answer.
fn response_paths(at: &str, value: &str) -> Result<Vec<String>, Error> {
    let paths = strings(at, value)?;
    if paths.len() > MOST_PATHS {
        return Err(errors::invalid(at, "Bedrock takes 10 paths"));
    }
    if let Some(number) =
        paths.iter().position(|path| !path.starts_with('/') || path.chars().count() > LONGEST_PATH)
    {
        return Err(errors::invalid(&below(at, number), "want a JSON Pointer of at most 256 characters"));
    }
    Ok(paths)
}

fn word(at: &str, value: &str, words: &[&str]) -> Result<String, Error> {
    json::string(value)
        .filter(|word| words.contains(&word.as_str()))
        .ok_or_else(|| errors::invalid(at, &["want one of ", &words.join(", ")].concat()))
}

fn strings(at: &str, value: &str) -> Result<Vec<String>, Error> {
    json::array(value)
        .and_then(|items| items.into_iter().map(json::string).collect())
        .ok_or_else(|| errors::invalid(at, "want an array of strings"))
}

/// An object whose values are strings, each written by `form`.
fn string_map(at: &str, value: &str, form: fn(&str) -> String) -> Result<String, Error> {
    let wrong = || errors::invalid(at, "want an object of strings");
    let object = Object::parse(value).ok_or_else(wrong)?;
    let mut out = String::from("{");
    for (name, value) in object.members() {
        if out.len() > 1 {
            out.push(',');
        }
        json::push_string(&mut out, name);
        out.push(':');
        out.push_str(&form(&json::string(value).ok_or_else(wrong)?));
    }
    out.push('}');
    Ok(out)
}

fn quoted(value: &str) -> String {
    json::quoted(value)
}

fn as_text(value: &str) -> String {
    ["{\"text\":", &json::quoted(value), "}"].concat()
}

/// A guardrail with its trace set.
fn traced(guardrail: &str, trace: &str) -> String {
    let mut out = String::from("{\"trace\":");
    json::push_string(&mut out, trace);
    if let Some(object) = Object::parse(guardrail) {
        for (name, value) in object.members().filter(|(name, _)| *name != "trace") {
            out.push(',');
            json::push_string(&mut out, name);
            out.push(':');
            out.push_str(value);
        }
    }
    out.push('}');
    out
}
