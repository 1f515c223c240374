//! The model of a request that names none, and what to ask in its place where it cannot answer.

use outcrop::config::Config;

use crate::failure::Failure;

/// Names the default model, over the configured one.
const VARIABLE: &str = "OUTCROP_MODEL";

/// The default models, in the order in which they are asked.
#[derive(Debug)]
pub(crate) struct Defaults {
    models: Vec<String>,
    /// A configured default model that is another provider's.
    foreign: Option<String>,
}

impl Defaults {
    /// What the environment or the configuration says.
    pub(crate) fn of(config: &Config) -> Self {
        match std::env::var(VARIABLE).ok().filter(|model| !model.is_empty()) {
            Some(model) => Self { models: vec![model], foreign: None },
            None => Self::configured(config),
        }
    }

    fn configured(config: &Config) -> Self {
        let all = config.default_model.iter().chain(&config.fallback_models);
        let (models, foreign) = all.cloned().partition::<Vec<_>, _>(|model| config.serves(model));
        Self { models, foreign: foreign.into_iter().next() }
    }

    /// The first one.
    pub(crate) fn first(&self) -> Result<String, Failure> {
        self.models.first().cloned().ok_or_else(|| {
            let problem = match &self.foreign {
                Some(model) => format!("the configured default model {model} is none of Bedrock's"),
                None => "no model is chosen".to_owned(),
            };
            let remedy = "give --model ID, or set OUTCROP_MODEL or agents.defaults.model.primary; \
                          `outcrop models list` shows what there is";
            Failure::usage_with_remedy(problem, remedy)
        })
    }

    /// What to ask after this model: the fallbacks, if it is the default one.
    pub(crate) fn after(&self, model: &str) -> &[String] {
        match self.models.split_first() {
            Some((first, fallbacks)) if first == model => fallbacks,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use outcrop::config::Document;

    use super::*;

    fn defaults(model: &str) -> Defaults {
        let text = format!("{{agents: {{defaults: {{model: {model}}}}}}}");
        Defaults::configured(&Document::parse("f", text).unwrap().config(&|_| None).unwrap())
    }

    #[test]
    fn only_bedrocks_models_are_asked() {
        let defaults =
            defaults("{primary: 'openai/x', fallbacks: ['bedrock/a', 'openai/y', 'amazon-bedrock/b']}");
        assert_eq!(defaults.first().unwrap(), "bedrock/a");
        assert_eq!(defaults.after("bedrock/a"), ["amazon-bedrock/b"]);
        assert!(defaults.after("bedrock/other").is_empty());
    }

    #[test]
    fn without_one_it_is_told_how_to_name_one() {
        let told = |defaults: Defaults| match defaults.first() {
            Err(Failure::Usage(error)) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(told(Defaults::configured(&Config::default())).contains("outcrop models list"));
        assert!(told(defaults("'openai/x'")).contains("default model openai/x is none of Bedrock's"));
    }
}
