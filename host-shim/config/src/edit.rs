//! Changes one value of a text and leaves the rest as it is.

use std::collections::BTreeSet;

use jsonc_parser::cst::{CstContainerNode, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::{Map, Value};

use crate::check::quoted;
use crate::path::{KeyPath, Step};
use crate::tree::{self, JSON5, Kind, Node};

/// The value at a place.
pub(crate) fn find<'a>(root: &'a Node, path: &KeyPath) -> Option<&'a Node> {
    path.steps().iter().try_fold(root, |node, step| match step {
        Step::Key(name) => node.get(name),
        Step::Index(index) => node.elements().get(*index),
    })
}

/// Whether JSON can say it: there are no infinite numbers in it.
pub(crate) fn is_writable(node: &Node) -> bool {
    match &node.kind {
        Kind::Number(number, _) => number.is_finite(),
        Kind::List(elements) => elements.iter().all(is_writable),
        Kind::Object(members) => members.iter().all(|member| is_writable(&member.value)),
        _ => true,
    }
}

/// The text with a value set. Objects on the way are made where they are missing.
pub(crate) fn set(text: &str, root: &Node, path: &KeyPath, value: &Value) -> Result<String, String> {
    let cst = syntax_tree(text)?;
    let top = cst.value().ok_or("there is no value in the file")?;
    set_in(&top, path, 0, value)?;
    let changed = cst.to_string();
    let mut expected = root.to_json();
    put_json(&mut expected, path.steps(), value);
    verify(&changed, &expected)?;
    let kept = comments(&changed)?;
    let mut lost = comments(text)?;
    for comment in kept {
        if let Some(index) = lost.iter().position(|other| *other == comment) {
            lost.remove(index);
        }
    }
    match lost.first() {
        Some(comment) => {
            Err(format!("{path}: this would lose the comment {}; edit the file by hand", quoted(comment)))
        }
        None => Ok(changed),
    }
}

/// The text without a value.
pub(crate) fn unset(text: &str, root: &Node, path: &KeyPath) -> Result<String, String> {
    let absent = || format!("{path} is not set");
    find(root, path).ok_or_else(absent)?;
    let cst = syntax_tree(text)?;
    let top = cst.value().ok_or_else(absent)?;
    let (last, way) = path.steps().split_last().ok_or_else(absent)?;
    let mut node = top;
    for (depth, step) in way.iter().enumerate() {
        node = inside(&node, step, path, depth)?.ok_or_else(absent)?;
    }
    match last {
        Step::Key(name) => property(&node, name, path)?.ok_or_else(absent)?.remove(),
        Step::Index(_) => inside(&node, last, path, way.len())?.ok_or_else(absent)?.remove(),
    }
    let changed = cst.to_string();
    let mut expected = root.to_json();
    remove_json(&mut expected, path.steps());
    verify(&changed, &expected)?;
    Ok(changed)
}

fn syntax_tree(text: &str) -> Result<CstRootNode, String> {
    let cst = CstRootNode::parse(text, &JSON5).map_err(|error| error.to_string())?;
    if cst.to_string() == text { Ok(cst) } else { Err("the file cannot be edited without loss".to_owned()) }
}

/// The text must say what was meant and nothing else, whatever became of its form.
fn verify(changed: &str, expected: &Value) -> Result<(), String> {
    let read = tree::parse(changed).map_err(|error| error.message)?;
    if read.to_json() == *expected {
        Ok(())
    } else {
        Err("the file cannot be edited without loss".to_owned())
    }
}

fn set_in(node: &CstNode, path: &KeyPath, depth: usize, value: &Value) -> Result<(), String> {
    let Some((step, rest)) = path.steps()[depth..].split_first() else { return put(node, value) };
    let last = rest.is_empty();
    if let Some(found) = inside(node, step, path, depth)? {
        if last && same(&found, value) {
            return Ok(());
        }
        // The last step replaces through what holds the value.
        if !last || both_hold(&found, value) {
            return set_in(&found, path, depth + 1, value);
        }
    }
    let new = nested(rest, value, path)?;
    match step {
        Step::Key(name) => match property(node, name, path)? {
            Some(property) => property.set_value(input(&new)),
            None => {
                object(node, path, depth)?.append(name, input(&new));
            }
        },
        Step::Index(index) => {
            let list = node.as_array().ok_or_else(|| not_a(node, "a list", path, depth))?;
            let elements = list.elements();
            match elements.get(*index) {
                Some(element) => replace(element, &new),
                None if *index == elements.len() => {
                    list.append(input(&new));
                }
                None => return Err(format!("{path}: the list has only {} elements", elements.len())),
            }
        }
    }
    Ok(())
}

/// Whether both are objects, or both are lists, so that one can become the other piece by piece.
fn both_hold(node: &CstNode, value: &Value) -> bool {
    (node.as_object().is_some() && value.is_object()) || (node.as_array().is_some() && value.is_array())
}

/// Turns a value into another, piece by piece, so that what stays keeps its form and its comments.
fn put(node: &CstNode, value: &Value) -> Result<(), String> {
    match (node.as_object(), node.as_array(), value) {
        (Some(object), _, Value::Object(members)) => {
            let mut kept = BTreeSet::new();
            for property in object.properties() {
                let name = property.decoded_name().filter(|name| members.contains_key(name));
                match name {
                    None => property.remove(),
                    Some(name) if kept.contains(&name) => {
                        return Err(format!("{name} stands twice; keep one of them"));
                    }
                    Some(name) => drop(kept.insert(name)),
                }
            }
            for (name, value) in members {
                match object.get(name) {
                    None => {
                        object.append(name, input(value));
                    }
                    Some(property) => match property.value() {
                        Some(old) if both_hold(&old, value) => put(&old, value)?,
                        Some(old) if same(&old, value) => {}
                        _ => property.set_value(input(value)),
                    },
                }
            }
        }
        (_, Some(list), Value::Array(values)) => {
            let elements = list.elements();
            for (element, value) in elements.iter().zip(values) {
                if both_hold(element, value) {
                    put(element, value)?;
                } else if !same(element, value) {
                    replace(element, value);
                }
            }
            for value in values.iter().skip(elements.len()) {
                list.append(input(value));
            }
            for element in elements.into_iter().skip(values.len()) {
                element.remove();
            }
        }
        _ => replace(node, value),
    }
    Ok(())
}

fn same(node: &CstNode, value: &Value) -> bool {
    tree::parse(&node.to_string()).is_ok_and(|old| old.to_json() == *value)
}

fn replace(node: &CstNode, value: &Value) {
    let (node, value) = (node.clone(), input(value));
    // Each kind has a method of this name.
    match node {
        CstNode::Container(CstContainerNode::Object(node)) => drop(node.replace_with(value)),
        CstNode::Container(CstContainerNode::Array(node)) => drop(node.replace_with(value)),
        CstNode::Container(CstContainerNode::Root(node)) => node.set_value(value),
        CstNode::Container(CstContainerNode::ObjectProp(node)) => node.set_value(value),
        CstNode::Leaf(_) => {
            if let Some(node) = node.as_string_lit() {
                drop(node.replace_with(value));
            } else if let Some(node) = node.as_number_lit() {
                drop(node.replace_with(value));
            } else if let Some(node) = node.as_boolean_lit() {
                drop(node.replace_with(value));
            } else if let Some(node) = node.as_null_keyword() {
                drop(node.replace_with(value));
            }
        }
    }
}

/// The value one step further; none where there is none yet.
fn inside(node: &CstNode, step: &Step, path: &KeyPath, depth: usize) -> Result<Option<CstNode>, String> {
    match step {
        Step::Key(name) => {
            object(node, path, depth)?;
            Ok(property(node, name, path)?.and_then(|property| property.value()))
        }
        Step::Index(index) => {
            let list = node.as_array().ok_or_else(|| not_a(node, "a list", path, depth))?;
            Ok(list.elements().get(*index).cloned())
        }
    }
}

fn object(node: &CstNode, path: &KeyPath, depth: usize) -> Result<CstObject, String> {
    node.as_object().ok_or_else(|| not_a(node, "an object", path, depth))
}

fn property(
    node: &CstNode,
    name: &str,
    path: &KeyPath,
) -> Result<Option<jsonc_parser::cst::CstObjectProp>, String> {
    let properties = node.as_object().map(|object| object.properties()).unwrap_or_default();
    let mut named =
        properties.into_iter().filter(|property| property.decoded_name().as_deref() == Some(name));
    let first = named.next();
    if named.next().is_some() {
        return Err(format!("{path}: {name} stands twice; keep one of them"));
    }
    Ok(first)
}

fn not_a(node: &CstNode, what: &str, path: &KeyPath, depth: usize) -> String {
    let place = KeyPath(path.steps()[..depth].to_vec()).to_string();
    let place = if place.is_empty() { "the file" } else { &place };
    let is = if node.as_object().is_some() {
        "an object"
    } else if node.as_array().is_some() {
        "a list"
    } else {
        "a single value"
    };
    format!("{path}: {place} is {is}, not {what}")
}

/// A value with the objects and lists around it that the rest of a path asks for.
fn nested(rest: &[Step], value: &Value, path: &KeyPath) -> Result<Value, String> {
    let Some((step, rest)) = rest.split_first() else { return Ok(value.clone()) };
    let inner = nested(rest, value, path)?;
    match step {
        Step::Key(name) => Ok(Value::Object(Map::from_iter([(name.clone(), inner)]))),
        Step::Index(0) => Ok(Value::Array(vec![inner])),
        Step::Index(_) => Err(format!("{path}: the list does not exist yet; begin with [0]")),
    }
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(on) => CstInputValue::Bool(*on),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(members) => {
            CstInputValue::Object(members.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}

/// Sets a value in JSON, as `set` does in the text.
fn put_json(json: &mut Value, steps: &[Step], value: &Value) {
    let Some((step, rest)) = steps.split_first() else {
        *json = value.clone();
        return;
    };
    match step {
        Step::Key(name) => {
            if !json.is_object() {
                *json = Value::Object(Map::new());
            }
            put_json(&mut json[name.as_str()], rest, value);
        }
        Step::Index(index) => {
            if !json.is_array() {
                *json = Value::Array(Vec::new());
            }
            if let Value::Array(values) = json {
                if *index == values.len() {
                    values.push(Value::Null);
                }
                if let Some(element) = values.get_mut(*index) {
                    put_json(element, rest, value);
                }
            }
        }
    }
}

fn remove_json(json: &mut Value, steps: &[Step]) {
    match (steps, json) {
        ([Step::Key(name)], Value::Object(members)) => {
            members.shift_remove(name);
        }
        ([Step::Index(index)], Value::Array(values)) if *index < values.len() => {
            values.remove(*index);
        }
        ([Step::Key(name), rest @ ..], Value::Object(members)) => {
            if let Some(inner) = members.get_mut(name) {
                remove_json(inner, rest);
            }
        }
        ([Step::Index(index), rest @ ..], Value::Array(values)) => {
            if let Some(inner) = values.get_mut(*index) {
                remove_json(inner, rest);
            }
        }
        _ => {}
    }
}

fn comments(text: &str) -> Result<Vec<String>, String> {
    use jsonc_parser::tokens::Token;
    use jsonc_parser::{CollectOptions, CommentCollectionStrategy};

    let collect = CollectOptions { comments: CommentCollectionStrategy::AsTokens, tokens: true };
    let parsed = jsonc_parser::parse_to_ast(text, &collect, &JSON5).map_err(|error| error.to_string())?;
    let tokens = parsed.tokens.unwrap_or_default();
    Ok(tokens
        .into_iter()
        .filter_map(|token| match token.token {
            Token::CommentLine(comment) | Token::CommentBlock(comment) => Some(comment.trim().to_owned()),
            _ => None,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, path: &str, value: Option<&str>) -> Result<String, String> {
        let root = tree::parse(text).expect(text);
        let path = path.parse().expect(path);
        match value {
            Some(value) => set(text, &root, &path, &crate::value(value)),
            None => unset(text, &root, &path),
        }
    }

    /// Text, key, value, expected text.
    #[test]
    fn the_rest_stays_as_it_is() {
        let text = "\
// our models
{
  models: {
    /* discovery */ bedrockDiscovery: {
      enabled: false, // for now
      'region': \"us-east-1\",
      // hourly
      refreshInterval: 0x0E10,
    },
  },
  // the rest
  other: [1, /* two */ 2],
}
";
        for (path, value, before, after) in [
            ("models.bedrockDiscovery.enabled", "true", "enabled: false,", "enabled: true,"),
            ("models.bedrockDiscovery.region", "eu-west-1", "\"us-east-1\"", "\"eu-west-1\""),
            ("models.bedrockDiscovery.refreshInterval", "0", "0x0E10", "0"),
            ("other[1]", "{a: 1}", "2]", "{\n    \"a\": 1\n  }]"),
            ("other[2]", "3", "2]", "2, 3]"),
            ("other", "[1, 5]", "2]", "5]"),
            (
                "models.bedrockDiscovery",
                "{region: 'eu-west-1', enabled: false, refreshInterval: 3600}",
                "\"us-east-1\"",
                "\"eu-west-1\"",
            ),
            (
                "models.providers.amazon-bedrock.headers",
                "{\"X-Team\": \"search\"}",
                "      refreshInterval: 0x0E10,\n    },\n",
                "      refreshInterval: 0x0E10,\n    },\n    \"providers\": {\n      \"amazon-bedrock\": {\n        \
                 \"headers\": {\n          \"X-Team\": \"search\",\n        },\n      },\n    },\n",
            ),
        ] {
            let expected = text.replacen(before, after, 1);
            assert_eq!(changed(text, path, Some(value)).as_deref(), Ok(expected.as_str()), "{path}");
        }
        for (path, gone) in [
            ("models.bedrockDiscovery.enabled", "      enabled: false, // for now\n"),
            ("models.bedrockDiscovery.refreshInterval", "      refreshInterval: 0x0E10,\n"),
            ("other", "  other: [1, /* two */ 2],\n"),
        ] {
            assert_eq!(
                changed(text, path, None).as_deref(),
                Ok(text.replacen(gone, "", 1).as_str()),
                "{path}"
            );
        }
    }

    #[test]
    fn the_lines_keep_their_ends() {
        let text = "{\r\n\t\"a\": 1, // one\r\n\t\"b\": {\"c\": 2}\r\n}";
        assert_eq!(
            changed(text, "b.d", Some("[1]")).expect("set"),
            "{\r\n\t\"a\": 1, // one\r\n\t\"b\": {\r\n\t\t\"c\": 2,\r\n\t\t\"d\": [1]\r\n\t}\r\n}"
        );
        assert_eq!(changed("{}", "a.b", Some("x")).expect("set"), "{\n  \"a\": {\n    \"b\": \"x\"\n  }\n}");
        assert_eq!(changed("{a: 1}", "a", None).expect("unset"), "{}");
    }

    #[test]
    fn what_cannot_be_changed_is_told() {
        let text = "{a: 'x', list: [/* first */ 1], twice: 1, twice: 2, pair: {x: 1, x: 2}, inner: { // why\n b: 1 }}";
        for (path, value, told) in [
            ("a.b", Some("1"), "a is a single value, not an object"),
            ("list.b", Some("1"), "list is a list, not an object"),
            ("inner[0]", Some("1"), "inner is an object, not a list"),
            ("list[5]", Some("1"), "the list has only 1 elements"),
            ("new[1]", Some("1"), "begin with [0]"),
            ("twice", Some("1"), "twice stands twice"),
            ("pair", Some("{x: 3}"), "x stands twice"),
            ("inner", Some("1"), "this would lose the comment \"why\""),
            ("absent", None, "absent is not set"),
            ("list[1]", None, "list[1] is not set"),
        ] {
            let error = changed(text, path, value).expect_err(path);
            assert!(error.contains(told), "{path}: {error}");
        }
    }

    #[test]
    fn values_are_json5_or_else_strings() {
        use serde_json::json;
        for (text, value) in [
            ("true", json!(true)),
            ("0x10", json!(16)),
            ("us-east-1", json!("us-east-1")),
            ("'1'", json!("1")),
            ("[1,]", json!([1])),
            ("", json!("")),
            ("Infinity", json!("Infinity")),
        ] {
            assert_eq!(crate::value(text), value);
        }
    }
}
