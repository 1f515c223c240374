//! What `plugins` says of components: which to load, on which terms, and what each may use up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::config::Isolation;
use crate::keys::{self, LIMITS, MAIN};
use crate::shape::{Bound, Shape};
use crate::tree::{Kind, Node};

/// An entry of `plugins.entries`: of one of Bedrock's providers, or one that brings a component.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Plugin {
    /// How the ids of its models begin, without the slash: small letters, and no alias.
    pub name: String,
    /// The component to load; for Bedrock's providers none means the bundled one.
    pub file: Option<PathBuf>,
    /// The SHA-256 that the file must have: `sha256:` and 64 hexadecimal digits.
    pub digest: Option<String>,
    /// The minisign key that the file must be signed with.
    pub public_key: Option<String>,
    /// The file of the signature; none is the component's with `.minisig` behind its name.
    pub signature: Option<PathBuf>,
    /// Whether the file is loaded though nothing says which one is meant.
    pub allow_unpinned: bool,
    /// The Bedrock provider that the plugin may call, if it may. Has no meaning for those providers' own entries.
    pub bedrock: Option<String>,
    /// Which streams share an instance of it. Has no meaning for the entries of Bedrock's providers, for which
    /// [`Provider::isolation`](crate::Provider::isolation) says it.
    pub isolation: Isolation,
    /// The plugin's settings. Has no meaning for the entries of Bedrock's providers, whose settings are
    /// [`Provider::settings`](crate::Provider::settings).
    pub settings: Map<String, Value>,
    /// What it may use up, by the names of [`limits`], over what [`Config::limits`](crate::Config::limits) says.
    pub limits: BTreeMap<String, u64>,
}

/// A limit that can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// Its key.
    pub name: &'static str,
    /// The least value.
    pub least: u64,
    /// The greatest value.
    pub most: u64,
}

/// All limits that can be configured, with what they can be.
pub fn limits() -> impl Iterator<Item = Limit> {
    LIMITS.members.iter().filter_map(|key| match key.shape {
        Shape::Number(Bound::Whole(least, most)) => Some(Limit { name: key.name, least, most }),
        _ => None,
    })
}

/// The entries of components that are to be loaded, and the limits that hold for all.
pub(crate) fn read(
    root: &Node,
    folder: Option<&Path>,
    is_bedrocks: impl Fn(&str) -> bool,
) -> (Vec<Plugin>, BTreeMap<String, u64>) {
    let plugins = root.get("plugins");
    let limits = plugins.and_then(|plugins| plugins.get("limits")).map(numbers).unwrap_or_default();
    let entries = plugins.and_then(|plugins| plugins.get("entries")).map(Node::members).unwrap_or_default();
    let entries = entries.iter().map(|member| {
        let name = keys::normal_name(&member.name);
        entry(name, &member.value, folder)
    });
    let read = entries
        .filter(|(plugin, enabled)| *enabled || is_bedrocks(&plugin.name))
        // A provider of Bedrock's is there without its component too.
        .map(|(plugin, enabled)| Plugin { file: plugin.file.filter(|_| enabled), ..plugin })
        .collect();
    (read, limits)
}

/// The entry, and whether its component is to be loaded.
fn entry(name: String, node: &Node, folder: Option<&Path>) -> (Plugin, bool) {
    let text = |key: &str| node.get(key).and_then(Node::text);
    let switch = |key: &str| node.get(key).and_then(Node::switch);
    let path = |key: &str| {
        let path = Path::new(text(key)?);
        Some(folder.map_or_else(|| path.to_owned(), |folder| folder.join(path)))
    };
    let bedrock = match node.get("bedrock").map(|granted| &granted.kind) {
        Some(Kind::Switch(true)) => Some(MAIN.to_owned()),
        Some(Kind::Text(name)) => Some(keys::normal_name(name)),
        _ => None,
    };
    let settings = node.get("config").map(Node::to_json);
    let plugin = Plugin {
        name,
        file: path("file"),
        digest: text("digest").map(str::to_lowercase),
        public_key: text("publicKey").map(str::to_owned),
        signature: path("signature"),
        allow_unpinned: switch("allowUnpinned") == Some(true),
        bedrock,
        isolation: match text("isolation") {
            Some("plugin") => Isolation::Plugin,
            _ => Isolation::Stream,
        },
        settings: settings.and_then(|settings| settings.as_object().cloned()).unwrap_or_default(),
        limits: node.get("limits").map(numbers).unwrap_or_default(),
    };
    (plugin, switch("enabled") != Some(false))
}

fn numbers(limits: &Node) -> BTreeMap<String, u64> {
    let number = |node: &Node| node.number().map(|number| number as u64);
    limits.members().iter().filter_map(|member| Some((member.name.clone(), number(&member.value)?))).collect()
}
