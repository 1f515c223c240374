//! The table of keys as the documentation has it.

use std::fmt::Write as _;

use crate::keys::{PLUGIN_ENTRY, ROOT};
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
        // The older home has the same keys, and so has an entry.
        let told_elsewhere = key.name == "bedrockDiscovery" || path.ends_with("entries.NAME.limits");
        if !told_elsewhere {
            inner(&key.shape, &path, table);
        }
    }
}

fn inner(shape: &Shape, path: &str, table: &mut String) {
    match shape {
        Shape::Object(object) | Shape::TextOr(_, object) => rows(object, path, table),
        Shape::List(element) => inner(element, &format!("{path}[]"), table),
        Shape::Map(Whose::Models, value) => inner(value, &format!("{path}[\"NAME/ID\"]"), table),
        Shape::Map(Whose::Entries, value) => {
            rows(&PLUGIN_ENTRY, &format!("{path}.NAME"), table);
            // Of those of Bedrock's providers what they have in common is told already.
            if let Shape::Object(Object { members, .. }) = value {
                let own = members.iter().filter(|key| key.about.is_empty());
                own.for_each(|key| {
                    inner(&key.shape, &format!("{path}.amazon-bedrock.{}", key.name), table);
                });
            }
        }
        Shape::Map(_, value) => inner(value, &format!("{path}.NAME"), table),
        _ => {}
    }
}
