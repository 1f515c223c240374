//! Plugins of a running host: how they stand, and others in their place.

use outcrop_config::{Config, MAIN_PROVIDER, normal_name};

use crate::host::BUNDLED;
use crate::instances::Instance;
use crate::loading::{Loaded, present_digest};
use crate::plugins::{Plugin, PluginInfo, PluginState, ReloadOutcome, Reloaded, SignatureState, Source};
use crate::quarantine::Trouble;
use crate::{Error, ErrorClass, Host, Result, inspect};

impl Host {
    /// The plugins of this host and how each stands: those of Bedrock's providers, then the others.
    pub fn plugins(&self) -> Vec<PluginInfo> {
        self.instances().iter().map(info).collect()
    }

    /// Puts another plugin in the place of the one of its name. It is read, held against its pin and the contract,
    /// compiled, started and given its settings first; only then do new streams go to it, while those that run end on
    /// the one that they began with. It begins with an empty memory, and no failure of its predecessor counts.
    ///
    /// Takes as long as [`HostBuilder::build`](crate::HostBuilder::build): call it where a thread may be busy.
    ///
    /// # Errors
    ///
    /// [`ErrorClass::InvalidRequest`] where there is no plugin of this name, or the new one is not fit; other classes
    /// where it does not start. Nothing has changed then.
    pub fn replace_plugin(&self, plugin: Plugin) -> Result<PluginInfo> {
        let name = normal_name(&plugin.name);
        let instances = &self.shared.instances;
        let instance = instances.named(&name).ok_or_else(|| {
            let names: Vec<_> = instances.all.iter().map(|instance| instance.name.as_str()).collect();
            Error::new(ErrorClass::InvalidRequest, format!("there is no plugin {name:?} to be replaced"))
                .with_remedy(format!("there are {}; a new one needs a new host", names.join(", ")))
        })?;
        let config = &self.shared.config;
        let entries =
            [name.as_str(), MAIN_PROVIDER].into_iter().take(1 + usize::from(instance.bedrock.is_some()));
        let entries = entries.filter_map(|name| config.plugins.iter().find(|entry| entry.name == name));
        let wishes = &self.shared.wishes;
        let configured = instance.bedrock.as_ref().map(|bedrock| bedrock.provider.isolation);
        let isolation = match configured {
            Some(_) => plugin.isolation.or(wishes.isolation).or(configured),
            None => plugin.isolation,
        };
        let terms = wishes.bound(Plugin { name: name.clone(), isolation, ..plugin }, entries, config);
        self.load_into(instance, terms)?;
        Ok(info(instance))
    }

    /// Reads the configuration file anew, where the host was made with one, and replaces the plugins whose
    /// component, pin, limits or settings are others now, as [`replace_plugin`](Self::replace_plugin) does. The rest of
    /// the configuration holds for hosts that are made later.
    ///
    /// # Errors
    ///
    /// Where the configuration cannot be read or is wrong. A plugin that is not fit is no error here: its
    /// [`ReloadOutcome`] tells why the present one stays.
    pub fn reload_plugins(&self) -> Result<Vec<Reloaded>> {
        match &self.shared.config.file {
            None => Ok(self.reload_plugins_of(&self.shared.config)),
            Some(path) => {
                let config = outcrop_config::load(path, &|name| std::env::var(name).ok())
                    .map_err(|error| Error::new(ErrorClass::InvalidRequest, error.to_string()))?;
                Ok(self.reload_plugins_of(&config))
            }
        }
    }

    /// The same with a configuration that has been read.
    pub fn reload_plugins_of(&self, config: &Config) -> Vec<Reloaded> {
        let wishes = &self.shared.wishes;
        let others = wishes.others(config);
        let mut reloaded = Vec::new();
        for instance in self.instances() {
            let terms = match instance.bedrock {
                Some(_) => Some(wishes.of_provider(&instance.name, config)),
                None => others.iter().find(|terms| terms.name == instance.name).cloned(),
            };
            let outcome = terms.map_or_else(|| remove(instance), |terms| self.reload(instance, terms));
            reloaded.push(Reloaded { name: instance.name.clone(), outcome });
        }
        for terms in others {
            if self.shared.instances.named(&terms.name).is_none() {
                reloaded.push(Reloaded { name: terms.name, outcome: ReloadOutcome::NeedsRestart });
            }
        }
        reloaded
    }

    fn reload(&self, instance: &Instance, terms: Plugin) -> ReloadOutcome {
        let present = instance.loaded();
        if present.terms == terms && present.plugin.is_ok() && present.digest == present_digest(&terms) {
            return ReloadOutcome::Unchanged;
        }
        match self.load_into(instance, terms) {
            Ok(()) => ReloadOutcome::Replaced,
            Err(error) => ReloadOutcome::Kept(error),
        }
    }

    fn load_into(&self, instance: &Instance, terms: Plugin) -> Result<()> {
        let place = self.shared.instances.place_of(instance, &terms)?;
        let loaded = self.shared.loader.load(terms, place, &[])?;
        tracing::info!(plugin = instance.name, "replaced");
        instance.replace(loaded);
        Ok(())
    }
}

fn remove(instance: &Instance) -> ReloadOutcome {
    let present = instance.loaded();
    if present.plugin.is_err() && present.digest.is_none() {
        return ReloadOutcome::Unchanged;
    }
    let error = Error::new(
        ErrorClass::InvalidRequest,
        format!("the plugin {} was taken out of the configuration", instance.name),
    );
    instance.replace(Loaded::refused(present.terms, error));
    ReloadOutcome::Removed
}

fn info(instance: &Instance) -> PluginInfo {
    let Loaded { terms, plugin, digest, contract } = instance.loaded();
    let bundled = terms.source == Source::Bundled;
    let contract =
        if bundled { inspect(BUNDLED).ok().and_then(|bundled| bundled.contract) } else { contract };
    let signature = match &terms.pin.public_key {
        Some(_) if digest.is_some() => SignatureState::Verified,
        _ => SignatureState::NotAsked,
    };
    let bedrock = match &instance.bedrock {
        Some(_) => Some(instance.name.clone()),
        None => terms.bedrock.as_deref().map(normal_name),
    };
    let state = match plugin {
        Err(error) => PluginState::Refused { reason: error.to_string() },
        Ok(plugin) => match plugin.quarantine().trouble() {
            None => PluginState::Ready,
            Some(Trouble { failures, reason, is_quarantined: false, .. }) => {
                PluginState::Troubled { failures, reason }
            }
            Some(Trouble { failures, reason, pause, .. }) => {
                PluginState::Quarantined { failures, reason, pause }
            }
        },
    };
    PluginInfo {
        name: instance.name.clone(),
        prefix: instance.prefix(),
        file: terms.source.file().map(Into::into),
        bundled,
        digest: digest.map(|digest| digest.text().to_owned()),
        signature,
        contract,
        bedrock,
        limits: terms.limits.unwrap_or_default(),
        streams: instance.streams(),
        state,
    }
}
