//! The role of an EC2 instance, without asking a metadata service where there is none.
//!
//! Elsewhere the address answers nobody, and every try costs a second. So the machine is looked at first;
//! and where it looks like EC2 and nothing answers, that is remembered for a day.

use std::error::Error as StdError;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::imds;
use aws_config::imds::client::EndpointMode;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_types::os_shim_internal::Env;
use tokio::sync::Mutex;

use crate::bridge::failure::causes;
use crate::bridge::profiles::{is_blank, variable};

/// How long a connection to the metadata service, and each of its answers, may take. It is on the machine
/// itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it is remembered that nothing answered.
const MEMORY: Duration = Duration::from_secs(24 * 60 * 60);

/// The file in the cache folder that remembers it.
const MEMORY_FILE: &str = "no-instance-metadata";

/// What the kernel tells of the hardware, and how it begins on EC2.
/// See "Detect whether a host is an EC2 instance" in the EC2 User Guide.
const MARKS: &[(&str, &str)] = &[
    ("sys/class/dmi/id/sys_vendor", "amazon ec2"),
    ("sys/class/dmi/id/bios_vendor", "amazon ec2"),
    ("sys/class/dmi/id/board_asset_tag", "i-"),
    ("sys/class/dmi/id/product_uuid", "ec2"),
    ("sys/hypervisor/uuid", "ec2"),
];

/// Why the metadata service is asked, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// `AWS_EC2_METADATA_DISABLED` forbids it.
    Forbidden,
    /// Nothing speaks of EC2.
    None,
    /// The hardware is Amazon's, or somebody set the profile that OpenClaw's documentation asks for there.
    Machine,
    /// Somebody said where the service is, or that it is there.
    Configured,
}

/// The instance's role, and what is known of whether there is one.
#[derive(Debug)]
pub(crate) struct Ec2 {
    /// Where the kernel's files are: `/`.
    root: PathBuf,
    /// None where there is no cache folder.
    memory: Option<PathBuf>,
    /// When nothing answered. Held by whoever asks, so that one asks for all.
    silent_at: Mutex<Option<SystemTime>>,
}

impl Ec2 {
    pub(crate) fn new(root: impl Into<PathBuf>, cache_folder: Option<&Path>) -> Self {
        let memory = cache_folder.map(|folder| folder.join(MEMORY_FILE));
        Self { root: root.into(), memory, silent_at: Mutex::default() }
    }

    /// Whether anything speaks of EC2. Asks nobody.
    pub(crate) fn sign(&self, env: &Env) -> Sign {
        let disabled = variable(env, "AWS_EC2_METADATA_DISABLED");
        if disabled.as_deref().is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Sign::Forbidden;
        }
        let is_there = disabled.is_some_and(|value| value.eq_ignore_ascii_case("false"));
        if is_there || variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT").is_some() {
            return Sign::Configured;
        }
        let default_profile = variable(env, "AWS_PROFILE").as_deref() == Some("default");
        if default_profile || self.is_ec2() { Sign::Machine } else { Sign::None }
    }

    fn is_ec2(&self) -> bool {
        let read = |place: &str| std::fs::read_to_string(self.root.join(place)).unwrap_or_default();
        MARKS.iter().any(|(place, begin)| {
            let value = read(place).trim().to_ascii_lowercase();
            value.starts_with(begin) || (*begin == "ec2" && is_swapped_ec2(&value))
        }) || read("sys/class/dmi/id/bios_version").to_ascii_lowercase().contains("amazon")
    }

    /// The credentials of the instance's role, from a provider that is asked only where there may be one.
    pub(crate) async fn credentials(
        &self,
        env: &Env,
        provider: &impl ProvideCredentials,
    ) -> provider::Result {
        let sign = self.sign(env);
        match sign {
            Sign::Forbidden => {
                return Err(CredentialsError::not_loaded("AWS_EC2_METADATA_DISABLED is true"));
            }
            Sign::None => {
                return Err(CredentialsError::not_loaded(
                    "this machine shows no sign of EC2, so no metadata service was asked",
                ));
            }
            Sign::Machine | Sign::Configured => {}
        }
        let mut silent_at = self.silent_at.lock().await;
        let mut memory = match (sign, &self.memory) {
            (Sign::Machine, Some(file)) => Memory::open(file).await,
            _ => None,
        };
        let remembered = memory.as_mut().and_then(Memory::read).max(*silent_at);
        if sign == Sign::Machine && remembered.is_some_and(is_recent) {
            return Err(CredentialsError::not_loaded(
                "the EC2 metadata service did not answer within the last day and was not asked again",
            ));
        }
        let answer = provider.provide_credentials().await;
        if sign == Sign::Machine {
            let silent = answer.as_ref().is_err_and(|error| is_silence(error));
            *silent_at = silent.then(SystemTime::now);
            if let Some(memory) = &mut memory {
                memory.write(*silent_at);
            }
        }
        answer
    }
}

/// The SDK's provider, with time limits for a service that is on the machine.
pub(crate) fn provider(env: &Env, config: &ProviderConfig) -> ImdsCredentialsProvider {
    let mut client =
        imds::Client::builder().configure(config).connect_timeout(PATIENCE).read_timeout(PATIENCE);
    // The SDK would take a blank variable for an address.
    let mode = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    let is_v6 = mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
    if is_blank(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT") {
        let address = if is_v6 { "http://[fd00:ec2::254]" } else { "http://169.254.169.254" };
        client = client.clone().endpoint(address).unwrap_or(client);
    } else if is_blank(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") {
        client = client.endpoint_mode(EndpointMode::IpV4);
    }
    ImdsCredentialsProvider::builder().configure(config).imds_client(client.build()).build()
}

/// Some hypervisors write the first groups of the identifier from back to front.
fn is_swapped_ec2(uuid: &str) -> bool {
    let pair = |place: usize| uuid.get(place..place + 2);
    pair(6) == Some("ec") && pair(4).is_some_and(|pair| pair.starts_with('2'))
}

fn is_recent(time: SystemTime) -> bool {
    // A time that has yet to come is a clock that was set back.
    time.elapsed().is_ok_and(|age| age < MEMORY)
}

/// Whether nobody answered at all. An answer that is no success comes from a service that is there.
fn is_silence(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<ConnectorError>())
        || crate::bridge::failure::chain(error).contains("could not communicate with IMDS")
}

/// The file that remembers that nothing answered, and when. Locked while it is open, so that of several
/// processes one asks.
struct Memory(File);

impl Memory {
    async fn open(path: &Path) -> Option<Self> {
        let path = path.to_owned();
        let open = move || {
            std::fs::create_dir_all(path.parent()?).ok()?;
            let file = File::options().read(true).write(true).create(true).truncate(false).open(path).ok()?;
            file.lock().ok()?;
            Some(Self(file))
        };
        // Without the file it is remembered for the life of this process only.
        tokio::task::spawn_blocking(open).await.ok().flatten()
    }

    fn read(&mut self) -> Option<SystemTime> {
        let mut text = String::new();
        self.0.read_to_string(&mut text).ok()?;
        Some(UNIX_EPOCH + Duration::from_secs(text.trim().parse().ok()?))
    }

    fn write(&mut self, silent_at: Option<SystemTime>) {
        let seconds =
            silent_at.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|age| age.as_secs());
        let text = seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
        let written =
            self.0.set_len(0).and_then(|()| self.0.rewind()).and_then(|()| self.0.write_all(text.as_bytes()));
        if let Err(error) = written {
            tracing::debug!("it cannot be remembered that no metadata service answered: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_credential_types::provider::future;

    use super::*;

    /// A machine whose kernel tells this.
    fn machine(facts: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (place, value) in facts {
            let file = root.path().join(place);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(file, value).expect("written");
        }
        root
    }

    fn sign_of(facts: &[(&str, &str)], variables: &[(&str, &str)]) -> Sign {
        Ec2::new(machine(facts).path(), None).sign(&Env::from_slice(variables))
    }

    #[test]
    fn ec2_is_told_by_its_hardware() {
        for (place, value) in [
            ("sys/class/dmi/id/sys_vendor", "Amazon EC2\n"),
            ("sys/class/dmi/id/board_asset_tag", "i-0abc"),
            ("sys/class/dmi/id/product_uuid", "EC2E1916-9099-7CAF-FD21-012345ABCDEF"),
            ("sys/class/dmi/id/product_uuid", "45E12AEC-DCD1-B213-94ED-012345ABCDEF"),
            ("sys/class/dmi/id/bios_version", "4.11.amazon"),
            ("sys/hypervisor/uuid", "ec2e1916-9099-7caf-fd21-012345abcdef"),
        ] {
            assert_eq!(sign_of(&[(place, value)], &[]), Sign::Machine, "{place} {value}");
        }
        for (place, value) in [
            ("sys/class/dmi/id/sys_vendor", "QEMU"),
            ("sys/class/dmi/id/board_asset_tag", "Not Specified"),
            ("sys/class/dmi/id/product_uuid", "4c4c4544-0051-3510-8052-c4c04f4a4e32"),
        ] {
            assert_eq!(sign_of(&[(place, value)], &[]), Sign::None, "{place} {value}");
        }
        assert_eq!(sign_of(&[], &[]), Sign::None);
    }

    #[test]
    fn variables_forbid_and_point() {
        let ec2 = [("sys/class/dmi/id/sys_vendor", "Amazon EC2")];
        for (name, value, on_ec2, elsewhere) in [
            ("AWS_EC2_METADATA_DISABLED", "TRUE", Sign::Forbidden, Sign::Forbidden),
            ("AWS_EC2_METADATA_DISABLED", " true ", Sign::Forbidden, Sign::Forbidden),
            ("AWS_EC2_METADATA_DISABLED", " ", Sign::Machine, Sign::None),
            ("AWS_EC2_METADATA_DISABLED", "false", Sign::Configured, Sign::Configured),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://[::1]:1", Sign::Configured, Sign::Configured),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "", Sign::Machine, Sign::None),
            ("AWS_PROFILE", "default", Sign::Machine, Sign::Machine),
            ("AWS_PROFILE", "work", Sign::Machine, Sign::None),
        ] {
            assert_eq!(sign_of(&ec2, &[(name, value)]), on_ec2, "{name}={value}");
            assert_eq!(sign_of(&[], &[(name, value)]), elsewhere, "{name}={value}");
        }
    }

    /// A metadata service that does not answer, and counts how often it is asked.
    #[derive(Debug, Default)]
    struct Silent(AtomicUsize);

    impl Silent {
        fn asked(&self) -> usize {
            self.0.swap(0, Ordering::AcqRel)
        }
    }

    impl ProvideCredentials for Silent {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.0.fetch_add(1, Ordering::AcqRel);
            let silence = ConnectorError::timeout("nobody".into());
            future::ProvideCredentials::ready(Err(CredentialsError::provider_error(silence)))
        }
    }

    #[tokio::test]
    async fn a_machine_that_is_not_ec2_asks_nobody() {
        let (elsewhere, cache) = (machine(&[]), tempfile::tempdir().expect("a folder"));
        let (ec2, service) = (Ec2::new(elsewhere.path(), Some(cache.path())), Silent::default());
        let answer = ec2.credentials(&Env::from_slice(&[]), &service).await;
        assert!(matches!(answer, Err(CredentialsError::CredentialsNotLoaded(_))), "{answer:?}");
        assert_eq!(service.asked(), 0);
        assert_eq!(std::fs::read_dir(cache.path()).expect("read").count(), 0);
    }

    #[tokio::test]
    async fn silence_is_remembered_for_a_day_and_across_processes() {
        let machine = machine(&[("sys/class/dmi/id/sys_vendor", "Amazon EC2")]);
        let cache = tempfile::tempdir().expect("a folder");
        // Each round stands for a process: what it knows, it knows from the folder.
        let ask = async || {
            let ec2 = Ec2::new(machine.path(), Some(cache.path()));
            let (env, service) = (Env::from_slice(&[]), Silent::default());
            for _ in 0..3 {
                ec2.credentials(&env, &service).await.expect_err("nobody answers");
            }
            service.asked()
        };
        assert_eq!(ask().await, 1, "one try");
        assert_eq!(ask().await, 0, "remembered");
        let file = cache.path().join(MEMORY_FILE);
        let remember = |ago: u64| {
            let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() - ago;
            std::fs::write(&file, time.to_string()).expect("written");
        };
        remember(MEMORY.as_secs() - 60);
        assert_eq!(ask().await, 0, "not yet a day");
        remember(MEMORY.as_secs() + 60);
        assert_eq!(ask().await, 1, "the next day");
        std::fs::write(&file, "damaged").expect("written");
        assert_eq!(ask().await, 1, "what cannot be read is no memory");
    }

    #[tokio::test]
    async fn an_endpoint_that_was_configured_is_always_asked() {
        let (elsewhere, cache) = (machine(&[]), tempfile::tempdir().expect("a folder"));
        let (ec2, service) = (Ec2::new(elsewhere.path(), Some(cache.path())), Silent::default());
        let env = Env::from_slice(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")]);
        for _ in 0..2 {
            ec2.credentials(&env, &service).await.expect_err("nobody answers");
        }
        assert_eq!(service.asked(), 2);
    }
}
