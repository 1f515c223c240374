//! Holds a file against the table of keys.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::config::Config;
use crate::keys::{self, API};
use crate::path::{KeyPath, Step};
use crate::problem::{Problem, Severity};
use crate::shape::{Bound, Key, Need, Object, Others, Shape, Text, Whose};
use crate::tree::{self, Kind, Member, Node};
use crate::variables::{self, Environment};

/// How much of a wrong value is repeated.
const REPEATED_CHARS: usize = 40;

/// What was found, and what is left to read: our keys alone, strings with their variables replaced, without
/// what is wrong.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) root: Node,
    pub(crate) problems: Vec<Problem>,
}

/// Checks a file's text, which has been read as `root`.
pub(crate) fn check(file: &str, text: &str, root: &Node, environment: Environment<'_>) -> Checked {
    let mut checker =
        Checker { file, text, environment, providers: providers(root), problems: Vec::new(), may_show: true };
    let root = checker.object(root, &keys::ROOT, &KeyPath::default());
    checker.compare_regions(&root);
    checker.check_grants(&root);
    Checked { root, problems: checker.problems }
}

/// The names of the providers that are Bedrock's, in their normal form.
fn providers(root: &Node) -> BTreeSet<String> {
    let configured = root.get("models").and_then(|models| models.get("providers"));
    let configured = configured.map(Node::members).unwrap_or_default();
    let speaks = |member: &&Member| is_ours(&member.name, &member.value);
    let named = configured.iter().filter(speaks).map(|member| keys::normal_name(&member.name));
    named.chain([keys::MAIN.to_owned()]).collect()
}

/// Whether a configured provider is Bedrock's: by its name, or by its `api`.
fn is_ours(name: &str, provider: &Node) -> bool {
    keys::normal_name(name) == keys::MAIN || provider.get("api").and_then(Node::text) == Some(API)
}

/// Whether an entry has a key that only we give a meaning.
fn brings_component(entry: &Node) -> bool {
    entry.members().iter().any(|member| keys::COMPONENT_KEYS.contains(&member.name.as_str()))
}

struct Checker<'a> {
    file: &'a str,
    text: &'a str,
    environment: Environment<'a>,
    providers: BTreeSet<String>,
    problems: Vec<Problem>,
    /// Whether values may be repeated in messages: those of headers may be secrets.
    may_show: bool,
}

impl Checker<'_> {
    fn tell(&mut self, severity: Severity, range: &Range<usize>, at: &KeyPath, message: String) {
        let (line, column) = tree::line_and_column(self.text, range.start);
        let (file, key) = (self.file.to_owned(), at.to_string());
        self.problems.push(Problem { file, line, column, key, message, severity });
    }

    fn error(&mut self, range: &Range<usize>, at: &KeyPath, message: String) {
        self.tell(Severity::Error, range, at, message);
    }

    /// The value as it will be read; none where it is wrong.
    fn value(&mut self, node: &Node, shape: &Shape, at: &KeyPath) -> Option<Node> {
        let kind = match (shape, &node.kind) {
            (Shape::Switch | Shape::SwitchOr(_), Kind::Switch(_)) | (Shape::Handed, Kind::Object(_)) => {
                node.kind.clone()
            }
            (Shape::Number(bound), Kind::Number(number, _)) if fits(*bound, *number) => node.kind.clone(),
            (Shape::Text(kind) | Shape::TextOr(kind, _) | Shape::SwitchOr(kind), Kind::Text(text)) => {
                Kind::Text(self.string(node, *kind, text, at)?)
            }
            (Shape::List(shape), Kind::List(elements)) => Kind::List(self.list(elements, shape, at)),
            (Shape::Object(object) | Shape::TextOr(_, object), Kind::Object(_)) => {
                return Some(self.object(node, object, at));
            }
            (Shape::Map(whose, shape), Kind::Object(members)) => {
                Kind::Object(self.map(members, *whose, shape, at))
            }
            (_, Kind::Number(_, written)) if matches!(shape, Shape::Number(_)) => {
                self.error(&node.range, at, format!("must be {}, not {written}", shape.allowed()));
                return None;
            }
            _ => {
                self.error(&node.range, at, format!("must be {}, not {}", shape.allowed(), node.what()));
                return None;
            }
        };
        Some(Node { range: node.range.clone(), kind })
    }

    fn string(&mut self, node: &Node, kind: Text, written: &str, at: &KeyPath) -> Option<String> {
        let text = match variables::replace(written, self.environment) {
            Ok(text) => text,
            Err(name) => {
                let message = format!("the environment variable {name} is not set, or empty");
                self.tell(Severity::Environment, &node.range, at, message);
                return None;
            }
        };
        if kind.fits(&text) {
            return Some(text);
        }
        // What a variable held, or a header, is nobody's business.
        let may_show = self.may_show && text == written;
        let shown = if may_show { format!(", not {}", quoted(written)) } else { String::new() };
        self.error(&node.range, at, format!("must be {}{shown}", kind.allowed()));
        None
    }

    fn list(&mut self, elements: &[Node], shape: &Shape, at: &KeyPath) -> Vec<Node> {
        let mut checked = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            checked.extend(self.value(element, shape, &at.index(index)));
        }
        self.check_ids(elements, at);
        checked
    }

    /// Two entries for one model contradict each other.
    fn check_ids(&mut self, elements: &[Node], at: &KeyPath) {
        let mut seen = BTreeSet::new();
        for (index, element) in elements.iter().enumerate() {
            if let Some(id) = element.get("id")
                && let Some(text) = id.text()
                && !seen.insert(text)
            {
                let message = format!("{} stands twice in this list", quoted(text));
                self.error(&id.range, &at.index(index).key("id"), message);
            }
        }
    }

    fn object(&mut self, node: &Node, object: &Object, at: &KeyPath) -> Node {
        if !matches!(node.kind, Kind::Object(_)) {
            self.error(&node.range, at, format!("must be an object, not {}", node.what()));
        }
        let mut members = Vec::new();
        for (index, member) in node.members().iter().enumerate() {
            let here = at.key(&member.name);
            let Some(key) = object.members.iter().find(|key| key.name == member.name) else {
                self.unknown(member, object, &here);
                continue;
            };
            if node.members()[..index].iter().any(|earlier| earlier.name == member.name) {
                self.error(&member.name_range, &here, "stands twice; keep one of them".to_owned());
                continue;
            }
            if let Some(value) = self.member(member, key, &here) {
                members.push(Member { value, ..member.clone() });
            }
        }
        for key in object.members.iter().filter(|key| key.need == Need::Required) {
            if node.get(key.name).is_none() {
                let message = format!("is missing; it must be {}", key.shape.allowed());
                self.error(&node.range, &at.key(key.name), message);
            }
        }
        Node { range: node.range.clone(), kind: Kind::Object(members) }
    }

    fn member(&mut self, member: &Member, key: &Key, at: &KeyPath) -> Option<Node> {
        let told = self.problems.len();
        let value = self.value(&member.value, &key.shape, at);
        if key.need == Need::Lenient {
            for problem in &mut self.problems[told..] {
                problem.severity = Severity::Note;
                problem.message.push_str("; it has no effect");
            }
        }
        if key.name == "auth" && value.as_ref().and_then(Node::text).is_some_and(|auth| auth != "aws-sdk") {
            let message = "has no effect: credentials come from the AWS SDK's chain, \
                           where an API key is AWS_BEARER_TOKEN_BEDROCK";
            self.tell(Severity::Note, &member.value.range, at, message.to_owned());
        }
        value
    }

    /// A region for discovery alone would list what cannot be called.
    fn compare_regions(&mut self, root: &Node) {
        let homes: [&[&str]; 2] = [
            &["plugins", "entries", keys::MAIN, "config", "discovery", "region"],
            &["models", "bedrockDiscovery", "region"],
        ];
        let config = Config::read(root, None, Vec::new());
        let Some(used) = config.providers.first().and_then(|provider| provider.region.as_deref()) else {
            return;
        };
        for home in homes {
            let steps = home.iter().map(|name| Step::Key((*name).to_owned())).collect();
            let region = home.iter().try_fold(root, |node, name| node.get(name));
            if let Some(node) = region
                && node.text() != Some(used)
            {
                let message = format!("has no effect: {used}, which another key names, comes first");
                self.tell(Severity::Note, &node.range, &KeyPath(steps), message);
            }
        }
    }

    /// A plugin can be granted only what there is.
    fn check_grants(&mut self, root: &Node) {
        let entries = root.get("plugins").and_then(|plugins| plugins.get("entries"));
        for entry in entries.map(Node::members).unwrap_or_default() {
            if let Some(granted) = entry.value.get("bedrock")
                && let Some(name) = granted.text()
                && !self.is_bedrocks(name)
            {
                let at = ["plugins", "entries", &entry.name, "bedrock"];
                let at = KeyPath(at.map(|name| Step::Key(name.to_owned())).into());
                let known: Vec<_> = self.providers.iter().map(String::as_str).collect();
                let message = format!(
                    "{} is none of Bedrock's providers; there are {}",
                    quoted(name),
                    known.join(", ")
                );
                self.error(&granted.range, &at, message);
            }
        }
    }

    fn unknown(&mut self, member: &Member, object: &Object, at: &KeyPath) {
        if member.name == "$include" {
            let message = "is not followed; what it would bring to this object is not seen";
            return self.tell(Severity::Note, &member.name_range, at, message.to_owned());
        }
        let meant = object.members.iter().map(|key| key.name).min_by_key(|name| distance(name, &member.name));
        let meant = meant.filter(|name| distance(name, &member.name) <= 2);
        match (object.others, meant) {
            (Others::Refused, meant) => {
                let known: Vec<_> = object.members.iter().map(|key| key.name).collect();
                let hint = meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                let message = format!("there is no such key; there are {}{hint}", known.join(", "));
                self.error(&member.name_range, at, message);
            }
            (Others::Compared, Some(name)) => {
                let message = format!("is not a key of Outcrop's and has no effect; did you mean {name}?");
                self.tell(Severity::Note, &member.name_range, at, message);
            }
            _ => {}
        }
    }

    fn is_bedrocks(&self, name: &str) -> bool {
        self.providers.contains(&keys::normal_name(name))
    }

    fn map(&mut self, members: &[Member], whose: Whose, shape: &Shape, at: &KeyPath) -> Vec<Member> {
        let mut checked = Vec::new();
        let mut seen = BTreeSet::new();
        for member in members {
            let ours = match whose {
                Whose::Headers => true,
                Whose::Providers => is_ours(&member.name, &member.value),
                Whose::Entries => self.is_bedrocks(&member.name) || brings_component(&member.value),
                Whose::Models => member
                    .name
                    .split_once('/')
                    .is_some_and(|(provider, _)| self.providers.contains(&keys::normal_name(provider))),
            };
            if !ours {
                continue;
            }
            let here = at.key(&member.name);
            let same = match whose {
                Whose::Providers | Whose::Entries => keys::normal_name(&member.name),
                Whose::Headers => member.name.to_lowercase(),
                Whose::Models => member.name.clone(),
            };
            if !seen.insert(same.clone()) {
                self.error(
                    &member.name_range,
                    &here,
                    format!("{} stands twice; keep one of them", quoted(&same)),
                );
                continue;
            }
            if let Some(wrong) = wrong_name(whose, &member.name) {
                self.error(&member.name_range, &here, wrong);
                continue;
            }
            let shown = self.may_show;
            self.may_show &= whose != Whose::Headers;
            let shape = match whose {
                Whose::Entries if !self.is_bedrocks(&member.name) => &Shape::Object(&keys::PLUGIN_ENTRY),
                _ => shape,
            };
            let value = self.value(&member.value, shape, &here);
            self.may_show = shown;
            checked.extend(value.map(|value| Member { value, ..member.clone() }));
        }
        checked
    }
}

/// What is wrong with the name of a map's member.
fn wrong_name(whose: Whose, name: &str) -> Option<String> {
    match whose {
        Whose::Headers if keys::RESERVED_HEADERS.fits(name) => {
            Some("is set by the signature, the connection or the body, and cannot be configured".to_owned())
        }
        Whose::Headers if !keys::HEADER_NAME.fits(name) => {
            Some(format!("a header's name must be {}", keys::HEADER_NAME.allowed()))
        }
        Whose::Providers | Whose::Entries if !keys::PROVIDER_NAME.fits(name.trim()) => Some(format!(
            "the name of a provider begins model ids, so it must be {}",
            keys::PROVIDER_NAME.allowed()
        )),
        _ => None,
    }
}

fn fits(bound: Bound, number: f64) -> bool {
    match bound {
        Bound::None => true,
        Bound::NotNegative => number.is_finite() && number >= 0.0,
        Bound::Positive => number.is_finite() && number >= 1.0,
        // All bounds are far below what such a number can tell apart.
        Bound::Whole(least, most) => number.fract() == 0.0 && (least as f64..=most as f64).contains(&number),
    }
}

fn distance(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(&one.to_lowercase(), &other.to_lowercase())
}

/// A string in quotes, not too much of it.
pub(crate) fn quoted(text: &str) -> String {
    if text.chars().count() <= REPEATED_CHARS {
        return format!("{text:?}");
    }
    format!("{:?}...", text.chars().take(REPEATED_CHARS).collect::<String>())
}
