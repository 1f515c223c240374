//! Plugins: which components a host loads, on which terms, and how they stand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use outcrop_config::MAIN_PROVIDER;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::limits::as_configured;
use crate::pin::Pin;
use crate::request::Timeouts;
use crate::{Isolation, Limits};

/// A component for a host to load, and on which terms. The models that it offers are `NAME/ID`.
///
/// ```no_run
/// use outcrop::{Host, Plugin};
///
/// # fn main() -> outcrop::Result<()> {
/// let echo = Plugin::file("echo", "echo.wasm")
///     .digest("sha256:0b3f1d4c7a5e9286f1c2d3b4a5968778695a4b3c2d1e0f0123456789abcdef01");
/// let host = Host::builder().plugin(echo).build()?;
/// # Ok(())
/// # }
/// ```
///
/// The same is said in a configuration by an entry of `plugins.entries`. Under the name of a Bedrock provider, such as
/// `amazon-bedrock`, it takes the place of the bundled component.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a host has to be given it"]
pub struct Plugin {
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) pin: Pin,
    pub(crate) bedrock: Option<String>,
    pub(crate) settings: Map<String, Value>,
    pub(crate) limits: Option<Limits>,
    pub(crate) timeouts: Timeouts,
    pub(crate) isolation: Option<Isolation>,
    /// For connections to Bedrock, where the plugin is a Bedrock provider's.
    pub(crate) connect_time: Option<Duration>,
    /// Whether its failures are remembered beyond the host: not of what a program holds up to be tried.
    pub(crate) is_settled: bool,
}

/// Where a component comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Bundled,
    File(PathBuf),
    Bytes(Bytes),
}

impl Source {
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Bundled | Self::Bytes(_) => None,
        }
    }
}

impl Plugin {
    pub(crate) fn new(name: impl Into<String>, source: Source) -> Self {
        Self {
            name: name.into(),
            source,
            pin: Pin::default(),
            bedrock: None,
            settings: Map::new(),
            limits: None,
            timeouts: Timeouts::default(),
            isolation: None,
            connect_time: None,
            is_settled: false,
        }
    }

    /// What messages call it.
    pub(crate) fn label(&self) -> String {
        match &self.source {
            Source::File(path) if self.name == MAIN_PROVIDER => path.display().to_string(),
            _ => self.name.clone(),
        }
    }

    /// The component in a file. Something has to say that the file is the one that is meant:
    /// [`digest`](Self::digest), [`signed_by`](Self::signed_by) or [`allow_unpinned`](Self::allow_unpinned).
    pub fn file(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self::new(name, Source::File(path.into()))
    }

    /// A component that the program holds in its hands, and so needs no pin.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(name, Source::Bytes(bytes.into()))
    }

    /// The digest that the component must have: `sha256:` and 64 hexadecimal digits, as [`digest`](crate::digest)
    /// and `outcrop plugin inspect` give it.
    pub fn digest(mut self, digest: impl Into<String>) -> Self {
        self.pin.digest = Some(digest.into());
        self
    }

    /// The minisign key that the component must be signed with, in its written form. The signature lies beside the file,
    /// with `.minisig` behind its name, unless [`signature`](Self::signature) says otherwise.
    pub fn signed_by(mut self, public_key: impl Into<String>) -> Self {
        self.pin.public_key = Some(public_key.into());
        self
    }

    /// The file of the signature.
    pub fn signature(mut self, path: impl Into<PathBuf>) -> Self {
        self.pin.signature = Some(path.into());
        self
    }

    /// Whatever lies in the file is loaded.
    pub fn allow_unpinned(mut self) -> Self {
        self.pin.allow_unpinned = true;
        self
    }

    /// Lets the plugin call Bedrock, with the credentials and under the policy of this provider: `amazon-bedrock`, or
    /// the name of another in the configuration. Without it every call of the bridge fails.
    pub fn bedrock(mut self, provider: impl Into<String>) -> Self {
        self.bedrock = Some(provider.into());
        self
    }

    /// The plugin's own settings. Those of a Bedrock provider are [`HostBuilder::settings`](crate::HostBuilder::settings).
    pub fn settings(mut self, settings: Map<String, Value>) -> Self {
        self.settings = settings;
        self
    }

    /// What this plugin may use up, over what the host and the configuration say.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Which streams share an instance of it: none of them without this.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// How long to wait for what, where neither a request nor the host says.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Holds a component's bytes against digest and signature, and gives their digest. Nothing of them is run.
    ///
    /// # Errors
    ///
    /// [`ErrorClass::InvalidRequest`](crate::ErrorClass::InvalidRequest) where they are not what is pinned.
    pub fn check(&self, bytes: &[u8]) -> crate::Result<String> {
        let digest = self.pin.check(&self.name, self.source.file(), bytes)?;
        Ok(digest.text().to_owned())
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// How a plugin of a host stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// How the ids of its models begin, with the slash.
    pub prefix: String,
    /// Its file; none where it is bundled, or was given as bytes.
    pub file: Option<PathBuf>,
    /// Whether it is the component that is built in.
    pub bundled: bool,
    /// Its digest; none where it could not be loaded.
    pub digest: Option<String>,
    /// Whether its signature was asked for. Where one was and did not hold, the plugin is refused.
    pub signature: SignatureState,
    /// The version of the contract that it was built for.
    pub contract: Option<String>,
    /// The Bedrock provider that it calls, if it may.
    pub bedrock: Option<String>,
    /// What it may use up.
    #[serde(serialize_with = "as_configured")]
    pub limits: Limits,
    /// Streams of it that are running.
    pub streams: usize,
    /// How it stands.
    #[serde(flatten)]
    pub state: PluginState,
}

/// Whether a signature stands behind a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignatureState {
    /// No key is configured, so none was looked for.
    NotAsked,
    /// It holds for the configured key.
    Verified,
}

/// How a plugin stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum PluginState {
    /// It takes streams.
    Ready,
    /// It has failed, and takes streams.
    Troubled {
        /// Failures in a row.
        failures: u32,
        /// The last one.
        reason: String,
    },
    /// It has failed so often that it is left alone.
    Quarantined {
        /// Failures in a row.
        failures: u32,
        /// The last one.
        reason: String,
        /// What is left of the pause. Zero: one stream may try whether it works again.
        #[serde(rename = "pauseMs", serialize_with = "as_milliseconds")]
        pause: Duration,
    },
    /// It could not be loaded, and takes none.
    Refused {
        /// Why, and what to do.
        reason: String,
    },
}

/// What became of a plugin when the configuration was read anew.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reloaded {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub outcome: ReloadOutcome,
}

/// What became of a plugin when the configuration was read anew.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ReloadOutcome {
    /// Component and terms are the same.
    Unchanged,
    /// New streams go to the new one.
    Replaced,
    /// It is no longer configured; new streams are refused.
    Removed,
    /// It is new in the configuration, and needs a new host.
    NeedsRestart,
    /// The new one is not fit, and what was there stays as it is. Why, and what to do.
    Kept(crate::Error),
}

fn as_milliseconds<S: serde::Serializer>(
    time: &Duration,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u128(time.as_millis())
}
