//! JSON Schema as Bedrock's models take it, meaning kept: what cannot stay as a keyword is said in a
//! description. A schema that needs none of this is sent as it was written.

use crate::json::{self, Object};
use crate::models::traits::Schemas;
use std::borrow::Cow;

/// The schema of a tool that takes nothing.
pub(super) const NO_PARAMETERS: &str = "{\"type\":\"object\",\"properties\":{}}";

/// Levels of nesting that are looked into.
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

/// JSON whose leaves are kept as they were written.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Object(Members),
    Array(Vec<Node>),
    Leaf(String),
}

type Members = Vec<(String, Node)>;

impl Node {
    /// None where it is nested too deeply to be looked into.
    fn parse(text: &str, depth: usize) -> Option<Self> {
        if depth > DEEPEST {
            return None;
        }
        let text = text.trim();
        Some(match text.as_bytes().first()? {
            b'{' => Self::Object(
                Object::parse(text)?
                    .into_iter()
                    .map(|(name, value)| Some((name, Self::parse(value, depth + 1)?)))
                    .collect::<Option<_>>()?,
            ),
            b'[' => Self::Array(
                json::array(text)?
                    .into_iter()
                    .map(|value| Self::parse(value, depth + 1))
                    .collect::<Option<_>>()?,
            ),
            _ => Self::Leaf(text.into()),
        })
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Leaf(text) => out.push_str(text),
            Self::Array(items) => {
                out.push('[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (number, (name, value)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    json::push_string(out, name);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn string(&self) -> Option<String> {
        match self {
            Self::Leaf(text) => json::string(text),
            _ => None,
        }
    }

    fn strings(&self) -> Vec<String> {
        match self {
            Self::Array(items) => items.iter().filter_map(Self::string).collect(),
            _ => Vec::new(),
        }
    }
}

fn quoted(text: &str) -> Node {
    Node::Leaf(json::quoted(text))
}

fn get<'a>(members: &'a Members, name: &str) -> Option<&'a Node> {
    members.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

fn take(members: &mut Members, name: &str) -> Option<Node> {
    let at = members.iter().position(|(other, _)| other == name)?;
    Some(members.remove(at).1)
}

fn set(members: &mut Members, name: &str, value: Node) {
    match members.iter_mut().find(|(other, _)| other == name) {
        Some((_, other)) => *other = value,
        None => members.push((name.into(), value)),
    }
}

/// Adds a sentence to a schema's description.
fn describe(members: &mut Members, sentence: &str) {
    let said = get(members, "description").and_then(Node::string).unwrap_or_default();
    let joined = if said.trim().is_empty() { sentence.into() } else { [&said, " ", sentence].concat() };
    set(members, "description", quoted(&joined));
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const CLAUDE: Schemas = Schemas { refs: true, lookaround: true, strict: true };
    const GROK: Schemas = Schemas { refs: false, lookaround: false, strict: false };

    fn cleaned(schema: &Value, rules: Schemas, enforced: bool) -> (Value, Vec<&'static str>) {
        let text = schema.to_string();
        let cleaned = clean(&text, Wanted { rules, enforced, object: true }).expect("an object");
        (serde_json::from_str(&cleaned.schema).expect("JSON"), cleaned.changes)
    }

    #[test]
    fn a_plain_schema_stays_as_it_was_written() {
        let text = r#" {"type":"object", "properties":{"$id":{"type":"string"},"n":{"maximum":1.50}}} "#;
        for rules in [CLAUDE, GROK] {
            let cleaned = clean(text, Wanted { rules, enforced: false, object: true }).expect("an object");
            assert_eq!(cleaned.schema, text.trim());
            assert!(cleaned.changes.is_empty());
        }
        assert!(clean("[]", Wanted { rules: CLAUDE, enforced: false, object: true }).is_none());
    }

    #[test]
    fn combinators_at_the_top_are_merged_and_told() {
        let (schema, changes) = cleaned(
            &json!({
                "oneOf": [
                    {"properties": {"path": {"type": "string"}, "n": {"type": "integer"}}, "required": ["path", "n"]},
                    {"properties": {"url": {"type": "string"}, "n": {"type": "string"}}, "required": ["url", "n"]},
                ],
                "description": "Reads.",
            }),
            CLAUDE,
            false,
        );
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "description": "Reads. Give exactly one of these sets of properties: (path, n) or (url, n).",
                "required": ["n"],
                "properties": {"path": {"type": "string"}, "url": {"type": "string"},
                    "n": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
            })
        );
        assert_eq!(changes, ["combinators at the top merged", "type set to object"]);
        let (schema, _) = cleaned(
            &json!({"type": "object", "allOf": [
                {"properties": {"a": {}}, "required": ["a"]},
                {"$ref": "#/$defs/b"},
            ], "$defs": {"b": {"properties": {"b": {}}, "required": ["b"]}}}),
            CLAUDE,
            false,
        );
        assert_eq!(schema["required"], json!(["a", "b"]));
        assert_eq!(schema["properties"], json!({"a": {}, "b": {}}));
    }

    #[test]
    fn references_are_inlined_where_they_are_not_followed() {
        let tree = json!({
            "type": "object",
            "properties": {"root": {"$ref": "#/$defs/node", "description": "The tree."}},
            "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "v": {"type": "number"}}}},
        });
        assert_eq!(cleaned(&tree, CLAUDE, false), (tree.clone(), vec![]));
        let (schema, changes) = cleaned(&tree, GROK, false);
        assert_eq!(
            schema,
            json!({"type": "object", "properties": {"root": {"description": "The tree.", "type": "object",
                "properties": {"next": {"description": "(Again of the form `node`.)"}, "v": {"type": "number"}}}}})
        );
        assert!(changes.contains(&"references inlined"));
    }

    #[test]
    fn older_drafts_and_lookaround_are_rewritten() {
        let (schema, _) = cleaned(
            &json!({
                "$schema": "http://json-schema.org/draft-04/schema#", "id": "x", "type": "object",
                "properties": {
                    "id": {"type": "string", "pattern": "^(?!a).*$"},
                    "n": {"type": "number", "minimum": 1, "exclusiveMinimum": true, "required": true},
                    "pair": {"type": "array", "items": [{"type": "string"}], "additionalItems": false},
                    "x": {"type": "any"},
                },
            }),
            GROK,
            false,
        );
        assert_eq!(
            schema,
            json!({"type": "object", "properties": {
                "id": {"type": "string", "description": "Must match the regular expression ^(?!a).*$"},
                "n": {"type": "number", "exclusiveMinimum": 1},
                "pair": {"type": "array", "prefixItems": [{"type": "string"}], "items": false},
                "x": {},
            }})
        );
    }

    #[test]
    fn an_enforced_schema_is_closed_and_its_constraints_are_words() {
        let (schema, _) = cleaned(
            &json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 1},
                "o": {"type": "object", "properties": {}}}}),
            CLAUDE,
            true,
        );
        assert_eq!(
            schema,
            json!({"type": "object", "additionalProperties": false, "properties": {
                "n": {"type": "integer", "description": "minimum: 1."},
                "o": {"type": "object", "properties": {}, "additionalProperties": false}}})
        );
    }

    fn anything() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            Just("type"),
            Just("properties"),
            Just("anyOf"),
            Just("allOf"),
            Just("$ref"),
            Just("$defs"),
            Just("items"),
            Just("required"),
            Just("a"),
            Just("pattern"),
            Just("exclusiveMinimum")
        ];
        let leaf = prop_oneof![
            Just(json!("object")),
            Just(json!("#/$defs/a")),
            Just(json!("#")),
            Just(json!(true)),
            Just(json!(1.5)),
            Just(json!(null)),
            Just(json!("(?=x)"))
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((word.clone(), inner), 0..5).prop_map(|members| Value::Object(
                    members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_schema_becomes_an_object_without_combinators(schema in anything(), enforced in any::<bool>()) {
            for rules in [CLAUDE, GROK] {
                let text = schema.to_string();
                let wanted = Wanted { rules, enforced, object: true };
                let Some(cleaned) = clean(&text, wanted) else {
                    prop_assert!(!schema.is_object());
                    continue;
                };
                let cleaned: Value = serde_json::from_str(&cleaned.schema).expect("JSON");
                prop_assert_eq!(&cleaned["type"], "object");
                prop_assert!(!matches!(cleaned.get("anyOf").or(cleaned.get("allOf")), Some(Value::Array(_))));
            }
        }
    }
}
