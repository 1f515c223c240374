//! The table of keys as the documentation has it.

use std::fmt::Write as _;

use crate::keys::ROOT;
use crate::shape::{Need, Object, Shape, Whose};

/// A table of all keys in Markdown: key, value, default, meaning.
pub fn reference() -> String {
    let mut table = String::from("| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |\n");
    rows(&ROOT, "", &mut table);
    table
}

fn rows(object: &Object, above: &str, table: &mut String) {
    for key in object.members {
        let path = if above.is_empty() { key.name.to_owned() } else { format!("{above}.{}", key.name) };
        if !key.about.is_empty() {
            let need = if key.need == Need::Required { "**required**" } else { key.default };
            let allowed = key.shape.allowed().replace('|', "\\|");
            // Writing to a string cannot fail.
            let _ = writeln!(table, "| `{path}` | {allowed} | {need} | {} |", key.about);
        }
        // The older home has the same keys.
        if key.name != "bedrockDiscovery" {
            inner(&key.shape, &path, table);
        }
    }
}

fn inner(shape: &Shape, path: &str, table: &mut String) {
    match shape {
        Shape::Object(object) | Shape::TextOr(_, object) => rows(object, path, table),
        Shape::List(element) => inner(element, &format!("{path}[]"), table),
        Shape::Map(Whose::Models, value) => inner(value, &format!("{path}[\"NAME/ID\"]"), table),
        Shape::Map(Whose::Entries, value) => inner(value, &format!("{path}.amazon-bedrock"), table),
        Shape::Map(_, value) => inner(value, &format!("{path}.NAME"), table),
        _ => {}
    }
}
