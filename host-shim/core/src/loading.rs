//! From what is wanted to a plugin that runs: read, held against its pin and the contract, compiled, tried.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use outcrop_config::{Config, MAIN_PROVIDER, is_name, normal_name};

use crate::bridge::Bridge;
use crate::digest::Digest;
use crate::host::BUNDLED;
use crate::limits::Limits;
use crate::pin::Pin;
use crate::plugins::{Plugin, Source};
use crate::quarantine::Quarantine;
use crate::request::Timeouts;
use crate::shim::Surroundings;
use crate::shim::engine::Sandbox;
use crate::shim::memory::Memory;
use crate::shim::plugin::{self as sandboxed, Start};
use crate::{Error, ErrorClass, Isolation, Observer, Result};

/// What stands under a name: a plugin, or why there is none.
#[derive(Clone)]
pub(crate) struct Loaded {
    /// What was wanted.
    pub(crate) terms: Plugin,
    pub(crate) plugin: Result<Arc<sandboxed::Plugin>>,
    /// None where it could not be loaded.
    pub(crate) digest: Option<Digest>,
    /// The contract's version; none where it was not looked at: the bundled one is held against it by a test.
    pub(crate) contract: Option<String>,
}

impl Loaded {
    pub(crate) fn refused(terms: Plugin, error: Error) -> Self {
        Self { terms, plugin: Err(error), digest: None, contract: None }
    }
}

/// What is wanted: in Rust, which wins, and in a configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) plugins: Vec<Plugin>,
    /// In place of the bundled component.
    pub(crate) file: Option<PathBuf>,
    pub(crate) limits: Limits,
    /// Of the plugins of Bedrock's providers.
    pub(crate) isolation: Option<Isolation>,
}

impl Wishes {
    /// The plugin of one of Bedrock's providers. What `amazon-bedrock` has serves those that have none of their own.
    pub(crate) fn of_provider(&self, name: &str, config: &Config) -> Plugin {
        let in_rust = |name: &str| self.plugins.iter().find(|plugin| normal_name(&plugin.name) == name);
        let entry = |name: &str| config.plugins.iter().find(|plugin| plugin.name == name);
        let entries = [entry(name), entry(MAIN_PROVIDER)];
        let file = entries.iter().flatten().find(|entry| entry.file.is_some());
        let mut terms = match (in_rust(name).or_else(|| in_rust(MAIN_PROVIDER)), &self.file, file) {
            (Some(plugin), ..) => plugin.clone(),
            // Whoever names a file at this very moment means that one.
            (None, Some(file), _) => Plugin::file(name, file).allow_unpinned(),
            (None, None, Some(entry)) => Plugin { isolation: None, ..configured(entry) },
            (None, None, None) => Plugin { is_settled: true, ..Plugin::new(name, Source::Bundled) },
        };
        name.clone_into(&mut terms.name);
        let provider = config.providers.iter().find(|provider| provider.name == name);
        let configured = provider.map(|provider| provider.isolation);
        terms.isolation = terms.isolation.or(self.isolation).or(configured);
        let [own, main] = entries;
        self.bound(terms, [own, main].into_iter().flatten(), config)
    }

    /// The plugins beside Bedrock's.
    pub(crate) fn others(&self, config: &Config) -> Vec<Plugin> {
        let is_bedrocks = |name: &str| config.providers.iter().any(|provider| provider.name == name);
        let in_rust =
            self.plugins.iter().map(|plugin| Plugin { name: normal_name(&plugin.name), ..plugin.clone() });
        let mut others: Vec<Plugin> = Vec::new();
        for terms in in_rust.chain(config.plugins.iter().map(configured)) {
            if !is_bedrocks(&terms.name) && others.iter().all(|known| known.name != terms.name) {
                let entry = config.plugins.iter().find(|entry| entry.name == terms.name);
                others.push(self.bound(terms, entry.into_iter(), config));
            }
        }
        others
    }

    /// The same with the limits and times that hold for it. Earlier entries win, field by field.
    pub(crate) fn bound<'a>(
        &self,
        mut terms: Plugin,
        entries: impl Iterator<Item = &'a outcrop_config::Plugin>,
        config: &Config,
    ) -> Plugin {
        let mut numbers = config.limits.clone();
        let entries: Vec<_> = entries.collect();
        for entry in entries.iter().rev() {
            numbers.extend(entry.limits.clone());
        }
        let time = |name: &str| numbers.get(name).map(|time| std::time::Duration::from_millis(*time));
        terms.limits.get_or_insert_with(|| self.limits.or_configured(&numbers));
        let own = terms.timeouts;
        terms.timeouts = Timeouts {
            first_content: own.first_content.or(time("firstContentMs")),
            silence: own.silence.or(time("silenceMs")),
            total: own.total.or(time("totalMs")),
        };
        terms.connect_time = time("connectMs");
        terms
    }
}

/// A plugin as an entry wants it.
fn configured(entry: &outcrop_config::Plugin) -> Plugin {
    let source = entry.file.clone().map_or(Source::Bundled, Source::File);
    Plugin {
        pin: Pin {
            digest: entry.digest.clone(),
            public_key: entry.public_key.clone(),
            signature: entry.signature.clone(),
            allow_unpinned: entry.allow_unpinned,
        },
        bedrock: entry.bedrock.clone(),
        settings: entry.settings.clone(),
        is_settled: true,
        isolation: Some(entry.isolation),
        ..Plugin::new(&entry.name, source)
    }
}

/// Loads plugins for one host.
pub(crate) struct Loader {
    /// Where compiled code is kept.
    compiled: Option<PathBuf>,
    /// Where it is kept which plugins have failed.
    records: Option<PathBuf>,
    /// Who is told of plugins that fail.
    observer: Option<Arc<dyn Observer>>,
    sandboxes: Mutex<Vec<Arc<Sandbox>>>,
}

/// Whom a plugin is loaded for.
pub(crate) struct Place {
    /// JSON text.
    pub(crate) settings: String,
    pub(crate) bridge: Option<Arc<Bridge>>,
    pub(crate) streams: Arc<AtomicUsize>,
}

impl Loader {
    pub(crate) fn new(
        compiled: Option<PathBuf>,
        records: Option<PathBuf>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        Self { compiled, records, observer, sandboxes: Mutex::default() }
    }

    /// Loads a plugin. `twins` are plugins that may have the same component, which is then not compiled again.
    pub(crate) fn load(&self, terms: Plugin, place: Place, twins: &[Loaded]) -> Result<Loaded> {
        let limits = terms.limits.clone().unwrap_or_default();
        let name = terms.name.clone();
        if !is_name(&name) {
            return Err(Error::new(
                ErrorClass::InvalidRequest,
                format!(
                    "the name {name:?} of a plugin begins model ids, so it must be letters, digits and . _ -"
                ),
            ));
        }
        limits.check(&name)?;
        let start = |digest: Digest| Start {
            settings: place.settings,
            surroundings: Surroundings {
                bridge: place.bridge,
                memory: Memory::default(),
                limits: limits.clone(),
                timeouts: terms.timeouts,
                isolation: terms.isolation.unwrap_or_default(),
                observer: self.observer.clone(),
            },
            quarantine: Quarantine::open(&name, digest, self.records.as_deref().filter(|_| terms.is_settled)),
            streams: place.streams,
        };
        let twin = twins.iter().find(|twin| twin.terms.source == terms.source && twin.terms.pin == terms.pin);
        if let Some(Loaded { plugin: Ok(plugin), digest: Some(digest), contract, .. }) = twin
            && plugin.has_room_for(&limits)
        {
            let plugin = plugin.again(start(digest.clone()))?;
            let (digest, contract) = (Some(digest.clone()), contract.clone());
            return Ok(Loaded { terms, plugin: Ok(Arc::new(plugin)), digest, contract });
        }
        let (bytes, digest, contract) = match terms.source {
            Source::Bundled => (Cow::Borrowed(BUNDLED), Digest::Bundled, None),
            _ => {
                let bytes = read(&terms, &limits)?;
                let digest = terms.pin.check(&name, terms.source.file(), &bytes)?;
                let contract = sandboxed::check(&terms.label(), &bytes, &limits)?;
                (bytes, digest, contract)
            }
        };
        let sandbox = self.sandbox(&limits)?;
        let plugin = sandboxed::Plugin::load(&terms.label(), &bytes, sandbox, start(digest.clone()))?;
        Ok(Loaded { terms, plugin: Ok(Arc::new(plugin)), digest: Some(digest), contract })
    }

    /// A sandbox that has room for such a plugin.
    fn sandbox(&self, limits: &Limits) -> Result<Arc<Sandbox>> {
        let mut sandboxes = self.sandboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sandbox) = sandboxes.iter().find(|sandbox| sandbox.fits(limits)) {
            return Ok(sandbox.clone());
        }
        let sandbox = Arc::new(Sandbox::new(limits, self.compiled.as_deref())?);
        sandboxes.push(sandbox.clone());
        Ok(sandbox)
    }
}

/// The digest that a plugin's file has now.
pub(crate) fn present_digest(terms: &Plugin) -> Option<Digest> {
    match &terms.source {
        Source::Bundled => Some(Digest::Bundled),
        _ => {
            let bytes = read(terms, terms.limits.as_ref()?).ok()?;
            Some(Digest::of(&bytes))
        }
    }
}

/// The component's bytes, as far as they may reach.
fn read<'a>(terms: &'a Plugin, limits: &Limits) -> Result<Cow<'a, [u8]>> {
    match &terms.source {
        Source::Bundled => Ok(Cow::Borrowed(BUNDLED)),
        Source::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
        Source::File(path) => match read_file(path, limits.component_bytes) {
            Ok(bytes) => Ok(Cow::Owned(bytes)),
            Err(error) => Err(Error::new(
                ErrorClass::InvalidRequest,
                format!("the plugin {} cannot be read: {error}", path.display()),
            )),
        },
    }
}

/// A file, and one byte more than it may have where it is larger.
fn read_file(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
