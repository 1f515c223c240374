//! JSON Schema as Bedrock's models take it, meaning kept: what cannot stay as a keyword is said in a
//! description. A schema that needs none of this is sent as it was written.

mod node;

use crate::json::{self, Object};
use crate::models::traits::Schemas;
use node::{Members, Node, describe, get, quoted, set, take};
use std::borrow::Cow;

/// The schema of a tool that takes nothing.
pub(super) const NO_PARAMETERS: &str = "{\"type\":\"object\",\"properties\":{}}";

/// References inside references that are followed.
const DEEPEST: usize = 64;
/// Schemas that inlining references may make of one; beyond that, what they refer to is left open.
const MOST: usize = 4_000;
/// Combinators at the top that are merged, one inside the other; deeper ones are left out.
const MOST_COMBINED: usize = 16;

/// Keywords that say nothing of the arguments, and that Bedrock refuses.
const LEFTOVERS: &[&str] = &["$schema", "$id", "id", "$comment", "$anchor", "$dynamicAnchor", "$vocabulary"];
/// Keywords whose members are schemas.
const MAPS: &[&str] = &["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Keywords whose value is a schema, or an array of them.
const NESTED: &[&str] = &[
    "items",
    "additionalItems",
    "additionalProperties",
    "prefixItems",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "not",
    "if",
    "then",
    "else",
    "allOf",
    "anyOf",
    "oneOf",
];
/// Keywords that combine schemas, which a tool's schema may not have at its top.
const COMBINATORS: &[&str] = &["allOf", "anyOf", "oneOf"];
/// Keywords that a schema which is enforced may not have.
const UNENFORCED: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "minItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];
const TYPES: &[&str] = &["object", "array", "string", "number", "integer", "boolean", "null"];
/// How a pattern looks around.
const LOOKAROUND: &[&str] = &["(?=", "(?!", "(?<=", "(?<!"];

/// A schema, and what was changed in it.
pub(super) struct Cleaned<'a> {
    /// JSON text of an object.
    pub(super) schema: Cow<'a, str>,
    /// For a person; empty where nothing was.
    pub(super) changes: Vec<&'static str>,
}

/// What is to be made of a schema.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) rules: Schemas,
    /// Whether the schema is enforced to the letter: every object is closed, and constraints that
    /// cannot be enforced become words.
    pub(super) enforced: bool,
    /// Whether it must be of type object, with no combinator at its top.
    pub(super) object: bool,
}

/// Cleans a schema; none where it is no JSON object.
pub(super) fn clean(text: &str, wanted: Wanted) -> Option<Cleaned<'_>> {
    let text = match text.trim() {
        "" => NO_PARAMETERS,
        text => text,
    };
    let source = json::clean(text);
    let mut changes = Vec::new();
    if matches!(source, Cow::Owned(_)) {
        changes.push("empty names and half surrogates taken out");
    }
    Object::parse(&source)?;
    let Some(Node::Object(root)) = Node::parse(&source, 0) else {
        return Some(Cleaned { schema: source, changes });
    };
    let mut cleaner = Cleaner { wanted, changes, made: 0 };
    let root = cleaner.root(root);
    if cleaner.changes.is_empty() {
        return Some(Cleaned { schema: text.into(), changes: Vec::new() });
    }
    let mut out = String::with_capacity(source.len());
    Node::Object(root).write(&mut out);
    cleaner.changes.sort_unstable();
    cleaner.changes.dedup();
    Some(Cleaned { schema: out.into(), changes: cleaner.changes })
}

struct Cleaner {
    wanted: Wanted,
    changes: Vec<&'static str>,
    /// Schemas made of references.
    made: usize,
}

impl Cleaner {
    fn root(&mut self, mut root: Members) -> Members {
        let whole = root.clone();
        if !self.wanted.rules.refs || self.wanted.enforced {
            let mut node = Node::Object(root);
            self.inline(&mut node, &whole, &mut Vec::new());
            let Node::Object(members) = node else {
                return whole;
            };
            root = members;
            for definitions in ["$defs", "definitions"] {
                if take(&mut root, definitions).is_some() {
                    self.changes.push("definitions inlined");
                }
            }
        } else if get(&root, "$ref").is_some() {
            self.resolve(&mut root, &whole);
        }
        if self.wanted.object {
            self.combinators(&mut root, &whole);
            let kind = get(&root, "type").and_then(Node::string);
            if kind.as_deref() != Some("object") {
                self.changes.push("type set to object");
                set(&mut root, "type", quoted("object"));
            }
            if get(&root, "properties").is_none() {
                self.changes.push("properties added");
                set(&mut root, "properties", Node::Object(Vec::new()));
            }
        }
        self.schema(&mut root);
        root
    }

    /// Replaces references by what they refer to.
    fn inline(&mut self, node: &mut Node, whole: &Members, open: &mut Vec<String>) {
        match node {
            Node::Leaf(_) => {}
            Node::Array(items) => {
                for item in items {
                    self.inline(item, whole, open);
                }
            }
            Node::Object(members) => {
                let Some(reference) = get(members, "$ref").and_then(Node::string) else {
                    for (_, value) in members.iter_mut() {
                        self.inline(value, whole, open);
                    }
                    return;
                };
                take(members, "$ref");
                self.made += 1;
                let target = target(whole, &reference);
                match target {
                    Some(target)
                        if !open.contains(&reference) && self.made < MOST && open.len() < DEEPEST =>
                    {
                        self.changes.push("references inlined");
                        let mut target = Node::Object(target.clone());
                        open.push(reference);
                        self.inline(&mut target, whole, open);
                        open.pop();
                        if let Node::Object(target) = target {
                            for (name, value) in target {
                                if get(members, &name).is_none() {
                                    members.push((name, value));
                                }
                            }
                        }
                    }
                    found => {
                        self.changes.push("references that cannot be inlined left open");
                        let name = reference.rsplit('/').next().unwrap_or(&reference);
                        let sentence = match found {
                            Some(_) => ["(Again of the form `", name, "`.)"].concat(),
                            None => ["(See ", &reference, ".)"].concat(),
                        };
                        describe(members, &sentence);
                    }
                }
            }
        }
    }

    /// Puts what the schema refers to in place of the reference, one level deep.
    fn resolve(&mut self, members: &mut Members, whole: &Members) {
        let Some(reference) = take(members, "$ref").and_then(|node| node.string()) else {
            return;
        };
        self.changes.push("references inlined");
        for (name, value) in target(whole, &reference).cloned().unwrap_or_default() {
            if get(members, &name).is_none() {
                members.push((name, value));
            }
        }
    }

    /// Merges what is combined at the top into one object.
    fn combinators(&mut self, root: &mut Members, whole: &Members) {
        for _ in 0..MOST_COMBINED {
            // What is merged may bring combinators of its own.
            let Some(combinator) = COMBINATORS.iter().find(|name| get(root, name).is_some()) else {
                return;
            };
            self.changes.push("combinators at the top merged");
            let Some(Node::Array(parts)) = take(root, combinator) else {
                continue;
            };
            let mut parts: Vec<Members> = parts
                .into_iter()
                .filter_map(|part| match part {
                    Node::Object(members) => Some(members),
                    _ => None,
                })
                .collect();
            for part in &mut parts {
                self.resolve(part, whole);
            }
            let required: Vec<Vec<String>> = parts
                .iter()
                .map(|part| get(part, "required").map(Node::strings).unwrap_or_default())
                .collect();
            if *combinator == "allOf" {
                require(root, required.iter().flatten());
            } else {
                let (first, others) = required
                    .split_first()
                    .map_or((&[][..], &[][..]), |(first, others)| (first.as_slice(), others));
                let shared: Vec<&String> =
                    first.iter().filter(|name| others.iter().all(|other| other.contains(name))).collect();
                require(root, shared.into_iter());
                let sentence = alternatives(&parts, &required, *combinator == "oneOf");
                describe(root, &sentence);
            }
            for part in parts {
                merge(root, part, combinator);
            }
        }
        root.retain(|(name, _)| !COMBINATORS.contains(&name.as_str()));
    }

    /// Cleans a schema and those inside it.
    fn schema(&mut self, members: &mut Members) {
        let count = members.len();
        members
            .retain(|(name, value)| !(LEFTOVERS.contains(&name.as_str()) && matches!(value, Node::Leaf(_))));
        if members.len() < count {
            self.changes.push("draft leftovers dropped");
        }
        self.drafts(members);
        self.patterns(members);
        if self.wanted.enforced {
            self.enforce(members);
        }
        for (name, value) in members.iter_mut() {
            let name = name.as_str();
            match value {
                Node::Object(inner) if MAPS.contains(&name) => {
                    for (_, schema) in inner {
                        if let Node::Object(schema) = schema {
                            self.schema(schema);
                        }
                    }
                }
                Node::Object(schema) if NESTED.contains(&name) => self.schema(schema),
                Node::Array(schemas) if NESTED.contains(&name) => {
                    for schema in schemas {
                        if let Node::Object(schema) = schema {
                            self.schema(schema);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// What older drafts wrote otherwise.
    fn drafts(&mut self, members: &mut Members) {
        for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            let Some(Node::Leaf(said)) = get(members, exclusive) else {
                continue;
            };
            let is_exclusive = match said.as_str() {
                "true" => true,
                "false" => false,
                _ => continue,
            };
            self.changes.push("older drafts' keywords rewritten");
            take(members, exclusive);
            if is_exclusive && let Some(limit) = take(members, limit) {
                set(members, exclusive, limit);
            }
        }
        if matches!(get(members, "required"), Some(Node::Leaf(_))) {
            take(members, "required");
            self.changes.push("older drafts' keywords rewritten");
        }
        if matches!(get(members, "items"), Some(Node::Array(_)))
            && let Some(tuple) = take(members, "items")
        {
            set(members, "prefixItems", tuple);
            if let Some(others) = take(members, "additionalItems") {
                set(members, "items", others);
            }
            self.changes.push("older drafts' keywords rewritten");
        }
        if get(members, "type").and_then(Node::string).is_some_and(|kind| !TYPES.contains(&kind.as_str())) {
            take(members, "type");
            self.changes.push("unknown types dropped");
        }
    }

    fn patterns(&mut self, members: &mut Members) {
        if self.wanted.rules.lookaround {
            return;
        }
        let Some(pattern) = get(members, "pattern").and_then(Node::string) else {
            return;
        };
        if LOOKAROUND.iter().any(|look| pattern.contains(look)) {
            take(members, "pattern");
            describe(members, &["Must match the regular expression ", &pattern].concat());
            self.changes.push("patterns that look around described");
        }
    }

    /// Closes an object, and says in words what cannot be enforced.
    fn enforce(&mut self, members: &mut Members) {
        let is_object = get(members, "type").and_then(Node::string).as_deref() == Some("object")
            || get(members, "properties").is_some();
        if is_object && get(members, "additionalProperties") != Some(&Node::Leaf("false".into())) {
            set(members, "additionalProperties", Node::Leaf("false".into()));
            self.changes.push("objects closed");
        }
        for keyword in UNENFORCED {
            if *keyword == "minItems"
                && matches!(get(members, keyword), Some(Node::Leaf(n)) if n == "0" || n == "1")
            {
                continue;
            }
            if let Some(limit) = take(members, keyword) {
                describe(members, &[keyword, ": ", &limit.text(), "."].concat());
                self.changes.push("constraints described");
            }
        }
    }
}

/// What a local reference (`#`, `#/$defs/x`) refers to.
fn target<'a>(whole: &'a Members, reference: &str) -> Option<&'a Members> {
    let path = reference.strip_prefix('#')?;
    let mut members = whole;
    for step in path.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        members = match get(members, &step)? {
            Node::Object(inner) => inner,
            _ => return None,
        };
    }
    Some(members)
}

/// Adds names to `required`.
fn require<'a>(root: &mut Members, names: impl Iterator<Item = &'a String>) {
    let mut required = get(root, "required").map(Node::strings).unwrap_or_default();
    for name in names {
        if !required.contains(name) {
            required.push(name.clone());
        }
    }
    if !required.is_empty() {
        set(root, "required", Node::Array(required.iter().map(|name| quoted(name)).collect()));
    }
}

/// What combined schemas let a caller choose between, in words.
fn alternatives(parts: &[Members], required: &[Vec<String>], one: bool) -> String {
    let sets: Vec<String> = parts
        .iter()
        .zip(required)
        .map(|(part, required)| {
            let names = match (required.is_empty(), get(part, "properties")) {
                (true, Some(Node::Object(properties))) => {
                    properties.iter().map(|(name, _)| name.clone()).collect()
                }
                _ => required.clone(),
            };
            ["(", &names.join(", "), ")"].concat()
        })
        .collect();
    let how = if one {
        "Give exactly one of these sets of properties: "
    } else {
        "Give one of these sets of properties: "
    };
    [how, &sets.join(" or "), "."].concat()
}

/// Adds a combined schema to the object that stands for all of them.
fn merge(root: &mut Members, part: Members, combinator: &str) {
    for (name, value) in part {
        match (name.as_str(), value) {
            ("properties", Node::Object(theirs)) => {
                let mut ours = match take(root, "properties") {
                    Some(Node::Object(ours)) => ours,
                    _ => Vec::new(),
                };
                for (name, schema) in theirs {
                    let both = match get(&ours, &name) {
                        Some(other) if *other != schema => {
                            let how = if combinator == "allOf" { "allOf" } else { "anyOf" };
                            Node::Object(vec![(how.into(), Node::Array(vec![other.clone(), schema]))])
                        }
                        _ => schema,
                    };
                    set(&mut ours, &name, both);
                }
                root.push(("properties".into(), Node::Object(ours)));
            }
            // What one alternative forbids, another may allow.
            ("required" | "type", _) => {}
            ("additionalProperties" | "description" | "title", _) if combinator != "allOf" => {}
            (_, value) => {
                if get(root, &name).is_none() {
                    root.push((name, value));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
