//! The extensions of a request, each under its key, and their shapes.

use super::rewrites::below;
use crate::bindings::outcrop::provider::types::{Error, Extension};
use crate::errors;
use crate::json::{self, Object};

/// How long what was sent should stay cached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Retention {
    /// No automatic cache points.
    #[default]
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
    pub(crate) retention: Retention,
}

impl Options {
    pub(crate) fn read(extensions: &[Extension]) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut trace = None;
        for (number, Extension { key, value }) in extensions.iter().enumerate() {
            let at = below("/extensions", number);
            match key.as_str() {
                "guardrail" => options.guardrail_json = Some(object(&at, value)?),
                "service-tier" => options.service_tier = Some(string(&at, value)?),
                "latency" => options.latency = Some(string(&at, value)?),
                "metadata" => options.metadata_json = Some(string_map(&at, value, quoted)?),
                "prompt-variables" => {
                    options.prompt_variables_json = Some(string_map(&at, value, as_text)?);
                }
                "betas" => options.betas = strings(&at, value)?,
                "model-fields" => options.model_fields_json = Some(object(&at, value)?),
                "response-paths" => options.response_paths = strings(&at, value)?,
                "reasoning-display" => {
                    let display = word(&at, value, &["summarized", "omitted"])?;
                    options.display = Some((display, at));
                }
                "cache-retention" => {
                    let retention = word(&at, value, &["none", "short", "long"])?;
                    options.retention = match retention.as_str() {
                        "short" => Retention::Short,
                        "long" => Retention::Long,
                        _ => Retention::None,
                    };
                }
                "trace" => trace = Some((string(&at, value)?, at)),
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

fn string(at: &str, value: &str) -> Result<String, Error> {
    json::string(value).ok_or_else(|| errors::invalid(at, "want a string"))
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
