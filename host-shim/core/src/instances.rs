//! Which provider a model id belongs to: the one place where prefixes are cut.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use outcrop_config::{MAIN_PROVIDER, MAIN_PROVIDER_ALIASES, Provider, normal_name};
use serde_json::Value;

use crate::bridge::Bridge;
use crate::failover::Fallback;
use crate::loading::{Loaded, Place};
use crate::plugins::Plugin as Terms;
use crate::shim::plugin::Plugin;
use crate::{Error, ErrorClass, Result};

/// What the ids of some models begin with, and the plugin that answers for them: one account, region and endpoint of
/// Bedrock with clients and a listing of its own, or a plugin beside them.
pub(crate) struct Instance {
    /// The prefix of its models' ids, without the slash.
    pub(crate) name: String,
    /// None of a plugin beside Bedrock.
    pub(crate) bedrock: Option<Bedrock>,
    /// Its plugin can be replaced while its streams run.
    loaded: RwLock<Loaded>,
    /// Streams that are running.
    pub(crate) streams: Arc<AtomicUsize>,
    /// Where else to ask, by its configuration.
    pub(crate) fallbacks: Vec<Fallback>,
}

/// One account, region and endpoint.
pub(crate) struct Bedrock {
    /// What was configured of it.
    pub(crate) provider: Provider,
    pub(crate) bridge: Arc<Bridge>,
    /// The plugin's settings, as JSON.
    pub(crate) settings: String,
}

impl Bedrock {
    /// What its plugin is loaded for.
    pub(crate) fn place(&self, streams: &Arc<AtomicUsize>) -> Place {
        Place { settings: self.settings.clone(), bridge: Some(self.bridge.clone()), streams: streams.clone() }
    }
}

impl Instance {
    pub(crate) fn new(
        name: String,
        bedrock: Option<Bedrock>,
        streams: Arc<AtomicUsize>,
        loaded: Loaded,
    ) -> Self {
        Self { name, bedrock, loaded: RwLock::new(loaded), streams, fallbacks: Vec::new() }
    }

    /// The plugin for a new stream; the reason where there is none.
    pub(crate) fn plugin(&self) -> Result<Arc<Plugin>> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).plugin.clone()
    }

    /// What is loaded now.
    pub(crate) fn loaded(&self) -> Loaded {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has new streams go to another plugin. Those that run stay where they are.
    pub(crate) fn replace(&self, loaded: Loaded) {
        let old =
            std::mem::replace(&mut *self.loaded.write().unwrap_or_else(PoisonError::into_inner), loaded);
        // Takes its time, and needs no lock.
        drop(old);
    }

    /// Its own way to Bedrock.
    pub(crate) fn bridge(&self) -> Option<&Bridge> {
        self.bedrock.as_ref().map(|bedrock| &*bedrock.bridge)
    }

    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::Acquire)
    }

    /// How the ids of its models begin.
    pub(crate) fn prefix(&self) -> String {
        format!("{}/", self.name)
    }
}

/// The instances of a host.
pub(crate) struct Instances {
    /// The first is `amazon-bedrock`.
    pub(crate) all: Vec<Instance>,
    /// The bridge of the one that is there without being configured.
    pub(crate) main: Arc<Bridge>,
}

/// A model id, taken apart.
pub(crate) struct Route<'a> {
    pub(crate) instance: &'a Instance,
    /// As it was written, with its slash.
    pub(crate) prefix: &'a str,
    /// What the plugin sees.
    pub(crate) model_id: &'a str,
}

impl Instances {
    /// Whether any of them is configured to ask elsewhere.
    pub(crate) fn has_failover(&self) -> bool {
        self.all.iter().any(|instance| !instance.fallbacks.is_empty())
    }

    /// Cuts the routing prefix off a model id.
    pub(crate) fn route<'a>(&'a self, model: &'a str) -> Result<Route<'a>> {
        let names = self.all.iter().map(|instance| instance.name.as_str());
        let (prefix, index, model_id) = cut(model, names)?;
        Ok(Route { instance: &self.all[index], prefix, model_id })
    }

    /// What a plugin beside Bedrock is loaded for: with the bridge that it is granted, if it is.
    pub(crate) fn place_beside(&self, terms: &Terms, streams: &Arc<AtomicUsize>) -> Result<Place> {
        let bridge = match &terms.bedrock {
            None => None,
            Some(granted) => {
                let bedrock =
                    self.named(&normal_name(granted)).and_then(|instance| instance.bedrock.as_ref());
                Some(bedrock.map(|bedrock| bedrock.bridge.clone()).ok_or_else(|| {
                    let known: Vec<_> = self
                        .all
                        .iter()
                        .filter(|instance| instance.bedrock.is_some())
                        .map(|instance| instance.name.as_str())
                        .collect();
                    Error::new(
                        ErrorClass::InvalidRequest,
                        format!(
                            "the plugin {} is granted {granted:?}, which is no provider of Bedrock's",
                            terms.name
                        ),
                    )
                    .with_remedy(format!("grant it one of {}", known.join(", ")))
                })?)
            }
        };
        let settings = Value::Object(terms.settings.clone()).to_string();
        Ok(Place { settings, bridge, streams: streams.clone() })
    }

    /// What the plugin of an instance is loaded for.
    pub(crate) fn place_of(&self, instance: &Instance, terms: &Terms) -> Result<Place> {
        match &instance.bedrock {
            Some(bedrock) => Ok(bedrock.place(&instance.streams)),
            None => self.place_beside(terms, &instance.streams),
        }
    }

    /// The instance of this name, in its normal form.
    pub(crate) fn named(&self, name: &str) -> Option<&Instance> {
        self.all.iter().find(|instance| instance.name == name)
    }
}

/// The prefix with its slash, whose it is among the names, and the rest.
fn cut<'a, 'b>(
    model: &'a str,
    names: impl Iterator<Item = &'b str> + Clone,
) -> Result<(&'a str, usize, &'a str)> {
    let found = model.split_once('/').filter(|(_, id)| !id.trim().is_empty()).and_then(|(prefix, id)| {
        let is_meant = |name: &str| {
            name.eq_ignore_ascii_case(prefix.trim())
                || (name == MAIN_PROVIDER
                    && MAIN_PROVIDER_ALIASES.iter().any(|alias| alias.eq_ignore_ascii_case(prefix.trim())))
        };
        Some((&model[..=prefix.len()], names.clone().position(is_meant)?, id.trim()))
    });
    found.ok_or_else(|| {
        let own = MAIN_PROVIDER_ALIASES.iter().copied();
        let (main, others) = (names.clone().take(1), names.skip(1));
        let prefixes: Vec<_> = main.chain(own).chain(others).map(|name| format!("{name}/")).collect();
        Error::new(
            ErrorClass::InvalidRequest,
            format!("/model: {model:?} does not begin with a known prefix"),
        )
        .with_remedy(format!("begin it with one of {}", prefixes.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["amazon-bedrock", "work"];

    #[test]
    fn prefixes_are_cut_in_one_place() {
        for (model, index, id) in [
            ("amazon-bedrock/amazon.nova-micro-v1:0", 0, "amazon.nova-micro-v1:0"),
            ("bedrock/us.a.b", 0, "us.a.b"),
            ("AWS-Bedrock/x", 0, "x"),
            (
                "amazon-bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/us.a.b",
                0,
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.a.b",
            ),
            ("Work/us.a.b", 1, "us.a.b"),
        ] {
            let (prefix, found, rest) = cut(model, NAMES.into_iter()).expect("routes");
            assert_eq!((found, rest), (index, id));
            assert_eq!([prefix, rest].concat(), model);
        }
    }

    #[test]
    fn other_ids_are_told_the_prefixes() {
        for model in ["", "gpt-4", "openai/gpt-4", "amazon-bedrock/", "arn:aws:bedrock:us-east-1:1:x/y"] {
            let error = cut(model, NAMES.into_iter()).expect_err("no route");
            assert!(error.to_string().contains("amazon-bedrock/, bedrock/, aws-bedrock/, work/"), "{error}");
        }
    }
}
