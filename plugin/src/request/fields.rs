//! `additionalModelRequestFields`: what Converse has no member for. The plugin's own fields come
//! first and the caller's `model-fields` are merged over them.

use crate::json::{self, Object};

/// A list of the model's own switches for what is not settled yet.
const BETAS: &str = "anthropic_beta";

/// Fields by name, each with its JSON text.
#[derive(Default)]
pub(super) struct Fields {
    fields: Vec<(String, String)>,
    betas: Vec<String>,
}

impl Fields {
    /// Sets a field, over one of the same name.
    pub(super) fn set(&mut self, name: &str, value: String) {
        match self.fields.iter_mut().find(|(other, _)| other == name) {
            Some((_, other)) => *other = value,
            None => self.fields.push((name.into(), value)),
        }
    }

    /// Adds a beta, once.
    pub(super) fn beta(&mut self, beta: &str) {
        if !self.betas.iter().any(|other| other == beta) {
            self.betas.push(beta.into());
        }
    }

    /// Merges an object over the fields. Objects on both sides are merged in turn, and betas are
    /// collected; of anything else the caller's holds.
    pub(super) fn merge(&mut self, object: &str) {
        let Some(object) = Object::parse(object) else {
            return;
        };
        for (name, value) in object.members() {
            let betas = (name == BETAS).then(|| json::array(value)).flatten();
            if let Some(betas) = betas {
                for beta in betas.into_iter().filter_map(json::string) {
                    self.beta(&beta);
                }
                continue;
            }
            let ours = self.fields.iter().find(|(other, _)| other == name);
            let merged = ours.and_then(|(_, ours)| merged(ours, value));
            self.set(name, merged.unwrap_or_else(|| value.into()));
        }
    }

    /// The object, none where it would be empty.
    pub(super) fn into_json(mut self) -> Option<String> {
        if !self.betas.is_empty() {
            let betas: Vec<String> = self.betas.iter().map(|beta| json::quoted(beta)).collect();
            let betas = ["[", &betas.join(","), "]"].concat();
            self.set(BETAS, betas);
        }
        if self.fields.is_empty() {
            return None;
        }
        let mut out = String::from("{");
        for (name, value) in &self.fields {
            if out.len() > 1 {
                out.push(',');
            }
            json::push_string(&mut out, name);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        Some(out)
    }
}

/// Two objects merged; none where one of them is none.
fn merged(ours: &str, theirs: &str) -> Option<String> {
    Object::parse(theirs)?;
    let mut fields = Fields::default();
    for (name, value) in Object::parse(ours)?.members() {
        fields.set(name, value.into());
    }
    fields.merge(theirs);
    Some(fields.into_json().unwrap_or_else(|| "{}".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_fields_win_and_objects_merge() {
        let mut fields = Fields::default();
        fields.set("output_config", "{\"effort\":\"high\"}".into());
        fields.set("thinking", "{\"type\":\"adaptive\"}".into());
        fields.beta("a");
        fields.merge(
            r#"{"output_config":{"format":1.0},"thinking":null,"top_k":5,"anthropic_beta":["b","a"]}"#,
        );
        assert_eq!(
            fields.into_json().as_deref(),
            Some(
                r#"{"output_config":{"effort":"high","format":1.0},"thinking":{"type":"adaptive"},"top_k":5,"anthropic_beta":["a","b"]}"#
            )
        );
        assert_eq!(Fields::default().into_json(), None);
    }
}
