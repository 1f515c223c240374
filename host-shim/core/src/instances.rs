//! Which instance of Bedrock a model id belongs to: the one place where prefixes are cut.

use std::sync::Arc;

use outcrop_config::{MAIN_PROVIDER, MAIN_PROVIDER_ALIASES, Provider};

use crate::bridge::Bridge;
use crate::shim::plugin::Plugin;
use crate::{Error, ErrorClass, Result};

/// One account, region and endpoint, with a plugin, clients and a listing of its own.
pub(crate) struct Instance {
    /// What was configured of it. Its name is the prefix of its models' ids.
    pub(crate) provider: Provider,
    pub(crate) plugin: Arc<Plugin>,
}

impl Instance {
    pub(crate) fn bridge(&self) -> &Bridge {
        &self.plugin.surroundings().bridge
    }

    /// How the ids of its models begin.
    pub(crate) fn prefix(&self) -> String {
        format!("{}/", self.provider.name)
    }
}

/// The instances of a host; the first is `amazon-bedrock`.
pub(crate) struct Instances(pub(crate) Vec<Instance>);

/// A model id, taken apart.
pub(crate) struct Route<'a> {
    pub(crate) instance: &'a Instance,
    /// As it was written, with its slash.
    pub(crate) prefix: &'a str,
    /// What the plugin sees.
    pub(crate) model_id: &'a str,
}

impl Instances {
    /// The one that is there without being configured.
    pub(crate) fn main(&self) -> &Instance {
        &self.0[0]
    }

    /// Cuts the routing prefix off a model id.
    pub(crate) fn route<'a>(&'a self, model: &'a str) -> Result<Route<'a>> {
        let names = self.0.iter().map(|instance| instance.provider.name.as_str());
        let (prefix, index, model_id) = cut(model, names)?;
        Ok(Route { instance: &self.0[index], prefix, model_id })
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
