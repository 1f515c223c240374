//! The name that we give to a source is the one that the SDK uses: the SDK's own cases, each in a process of
//! its own with the case's environment and files, its traffic replayed.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_types::os_shim_internal::{Env, Fs};
use serde_json::Value;

use super::ec2::Ec2;
use super::origin::{self, Base, Origin};
use crate::bridge::clients::{Access, Clients};
use crate::bridge::failure;

const CHAIN: &str = "default-credential-provider-chain";
const PROFILE: &str = "profile-provider";

const ROLE_BY_KEYS: &str = "assumed role, by access key in the shared configuration files (profile default)";

/// What each case's source is. Those of the second folder are about the profile alone.
const CASES: &[(&str, &str, &str)] = &[
    (CHAIN, "e2e_fips_and_dual_stack_sso", "single sign-on (SSO) (profile sso-test)"),
    (CHAIN, "ecs_assume_role", "assumed role, by container role (profile default)"),
    (CHAIN, "ecs_credentials", "ECS container role"),
    (CHAIN, "ecs_credentials_invalid_profile", "ECS container role"),
    (CHAIN, "eks_pod_identity_credentials", "EKS pod identity"),
    (CHAIN, "eks_pod_identity_no_token_file", "EKS pod identity"),
    (CHAIN, "environment_variables", "access key"),
    (
        CHAIN,
        "environment_variables_blank",
        "access key in the shared configuration files (profile some_profile)",
    ),
    (CHAIN, "imds_assume_role", "assumed role, by EC2 instance role (profile default)"),
    (CHAIN, "imds_config_with_no_creds", "EC2 instance role"),
    (CHAIN, "imds_default_chain_error", "EC2 instance role"),
    (CHAIN, "imds_default_chain_retries", "EC2 instance role"),
    (CHAIN, "imds_default_chain_success", "EC2 instance role"),
    (CHAIN, "imds_disabled", "nothing"),
    (CHAIN, "imds_no_iam_role", "assumed role, by EC2 instance role (profile default)"),
    (CHAIN, "imds_token_fail", "assumed role, by EC2 instance role (profile default)"),
    (CHAIN, "prefer_environment", "access key"),
    (
        CHAIN,
        "profile_name",
        "access key in the shared configuration files (profile some-thing:long/the_one%only.foo@bar+)",
    ),
    (CHAIN, "profile_overrides_web_identity", "assumed role, by access key in the environment (profile A)"),
    (CHAIN, "profile_static_keys", "access key in the shared configuration files (profile default)"),
    (
        CHAIN,
        "profile_static_keys_case_insensitive",
        "access key in the shared configuration files (profile default)",
    ),
    (CHAIN, "sso_assume_role", "single sign-on (SSO) (profile sso-test)"),
    (CHAIN, "sso_no_token_file", "single sign-on (SSO) (profile sso-test)"),
    (CHAIN, "sso_server_error", "single sign-on (SSO) (profile sso-test)"),
    (CHAIN, "web_identity_source_profile_no_env", "assumed role, by web identity token (profile A)"),
    (CHAIN, "web_identity_token_env", "web identity token"),
    (CHAIN, "web_identity_token_invalid_jwt", "assumed role, by web identity token (profile A)"),
    (CHAIN, "web_identity_token_profile", "web identity token (profile A)"),
    (CHAIN, "web_identity_token_source_profile", "assumed role, by web identity token (profile A)"),
    (PROFILE, "assume_role_override_global_env_url", ROLE_BY_KEYS),
    (PROFILE, "assume_role_override_global_profile_url", ROLE_BY_KEYS),
    (PROFILE, "assume_role_override_service_env_url", ROLE_BY_KEYS),
    (PROFILE, "assume_role_override_service_profile_url", ROLE_BY_KEYS),
    (PROFILE, "credential_process", "credential_process (profile default)"),
    (PROFILE, "credential_process_account_id_fallback", "credential_process (profile default)"),
    (PROFILE, "credential_process_failure", "credential_process (profile default)"),
    (PROFILE, "credential_process_invalid", "credential_process (profile default)"),
    (PROFILE, "e2e_assume_role", ROLE_BY_KEYS),
    (PROFILE, "e2e_fips_and_dual_stack_sts", ROLE_BY_KEYS),
    (PROFILE, "empty_config", "nothing"),
    (PROFILE, "invalid_config", "cannot be used as it is written (profile default)"),
    (PROFILE, "invalid_sso_credentials_config", "single sign-on (SSO) (profile default)"),
    (PROFILE, "region_override", ROLE_BY_KEYS),
    (PROFILE, "retry_on_error", ROLE_BY_KEYS),
    (PROFILE, "sso_credentials", "single sign-on (SSO) (profile default)"),
    (PROFILE, "sso_override_global_env_url", "single sign-on (SSO) (profile default)"),
    (PROFILE, "sso_token", "single sign-on (SSO) (profile default)"),
];

/// Where the inner process finds its case, and what its files were moved to.
const CASE: &str = "OUTCROP_TEST_CASE";
const ROOT: &str = "OUTCROP_TEST_ROOT";

#[test]
fn every_case_is_named_as_the_sdk_takes_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/credential-chain");
    if !folder.is_dir() {
        println!("skipped: {} is absent", folder.display());
        return;
    }
    for set in [CHAIN, PROFILE] {
        for case in std::fs::read_dir(folder.join(set)).expect("read") {
            let name = case.expect("an entry").file_name();
            let is_known = CASES.iter().any(|(known, case, _)| *known == set && name == **case);
            assert!(is_known, "{set}/{} is not among the cases", name.display());
        }
    }
    let mut failed = Vec::new();
    for (set, case, found) in CASES {
        let case = folder.join(set).join(case);
        let root = tempfile::tempdir().expect("a folder");
        copy_moved(&case.join("fs"), root.path(), root.path());
        let mut inner = Command::new(std::env::current_exe().expect("a path"));
        inner
            .args(["--exact", "bridge::credentials::vectors::one_case", "--ignored", "--nocapture"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env(CASE, &case)
            .env(ROOT, root.path());
        for (name, value) in read(&case.join("env.json")).as_object().expect("an object") {
            inner.env(name, moved(value.as_str().expect("text"), root.path()));
        }
        let output = inner.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let named = said.lines().find_map(|line| line.split_once("found: ")).map(|(_, found)| found);
        if !output.status.success() || named != Some(found) {
            let errors = String::from_utf8_lossy(&output.stderr);
            failed.push(format!("{} ({found})\n{said}\n{errors}", case.display()));
        }
    }
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), CASES.len(), failed.join("\n"));
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn one_case() {
    let case = PathBuf::from(std::env::var_os(CASE).expect("run by the other test"));
    let root = std::env::var(ROOT).expect("run by the other test");
    // The second set is about profiles, with nothing ambient before them.
    let is_of_profile = case.parent().is_some_and(|set| set.ends_with(PROFILE));
    let access = Access { profile: is_of_profile.then(|| "default".to_owned()), ..Access::default() };
    let machine = tempfile::tempdir().expect("a folder");
    if !is_of_profile {
        let vendor = machine.path().join("sys/class/dmi/id/sys_vendor");
        std::fs::create_dir_all(vendor.parent().expect("a folder")).expect("made");
        std::fs::write(vendor, "Amazon EC2").expect("written");
    }
    let traffic = Arc::new(Traffic::read(&case.join("http-traffic.json")));
    let expected = read(&case.join("test-case.json"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let ec2 = Arc::new(Ec2::new(machine.path(), None));
        let origin = origin::find(&access, &ec2, &Env::real(), &Fs::real()).await;
        println!("\nfound: {}", origin.found().unwrap_or_else(|| "nothing".to_owned()));

        let clients = Clients::new(access);
        let (settings, region) = clients.settings().await;
        let mut chain = clients.chain(&settings, &region.name);
        let (config, replayed) = (chain.config, traffic.clone());
        chain.ec2 = ec2;
        chain.config = Box::new(move || {
            let traffic = replayed.clone();
            // The recorded credentials have long expired.
            config()
                .with_time_source(aws_smithy_async::time::StaticTimeSource::new(UNIX_EPOCH))
                .with_http_client(http_client_fn(move |_, _| {
                    SharedHttpConnector::new(Replay(traffic.clone()))
                }))
        });
        let answer = chain.load().await;
        let result = &expected["result"];
        match (&answer, result.get("Ok"), result["ErrorContains"].as_str()) {
            (Ok(credentials), Some(expected), _) => {
                let text = |member: &str| expected[member].as_str();
                assert_eq!(Some(credentials.access_key_id()), text("access_key_id"));
                assert_eq!(Some(credentials.secret_access_key()), text("secret_access_key"));
                assert_eq!(credentials.session_token(), text("session_token"));
                assert_eq!(credentials.account_id().map(|id| id.as_str()), text("account_id"));
                let expiry = credentials.expiry().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                assert_eq!(expiry.map(|time| time.as_secs()), expected["expiry"].as_u64());
                // How the SDK names its own provider is shown by `Debug` alone.
                let provider = format!("provider_name: {:?},", provider(&origin));
                assert!(format!("{credentials:?}").contains(&provider), "{credentials:?} is not {origin:?}");
            }
            (Err(error), None, Some(expected)) => {
                let said = failure::chain(error).replace(&root, "");
                assert!(said.contains(expected), "{said}\ndoes not contain\n{expected}");
            }
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(traffic.left(), 0, "all of the traffic was asked for");
}

/// The SDK's provider behind an origin.
fn provider(origin: &Origin) -> &'static str {
    match origin {
        Origin::Environment { .. } => "EnvironmentVariable",
        Origin::Profile { assumes_role: true, .. } => "AssumeRoleProvider",
        Origin::Profile { base, .. } => match base {
            Base::Keys { .. } => "ProfileFile",
            Base::Sso => "SSO",
            Base::Process => "CredentialProcess",
            Base::WebIdentity => "WebIdentityToken",
            other => panic!("no case: {other:?}"),
        },
        Origin::WebIdentity => "WebIdentityToken",
        Origin::Container { .. } => "EcsContainer",
        Origin::Instance => "IMDSv2",
        other => panic!("no case: {other:?}"),
    }
}

/// Recorded requests and their answers, in order.
#[derive(Debug)]
struct Traffic(Mutex<VecDeque<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    method: String,
    uri: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Traffic {
    fn read(file: &Path) -> Self {
        let mut connections: Vec<Recorded> = Vec::new();
        for event in read(file)["events"].as_array().expect("events") {
            let place = event["connection_id"].as_u64().expect("a number") as usize;
            while connections.len() <= place {
                connections.push(Recorded::default());
            }
            let recorded = &mut connections[place];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let action = &event["action"];
            if let Some(request) = action.get("Request").map(|request| &request["request"]) {
                (recorded.method, recorded.uri) = (text(&request["method"]), text(&request["uri"]));
            } else if let Some(response) = action.get("Response").map(|response| &response["response"]["Ok"])
            {
                recorded.status = response["status"].as_u64().expect("a status") as u16;
                for (name, values) in response["headers"].as_object().into_iter().flatten() {
                    recorded.headers.push((name.clone(), text(&values[0])));
                }
            } else if let Some(data) = action.get("Data").filter(|data| data["direction"] == "Response") {
                recorded.body.extend(text(&data["data"]["Utf8"]).into_bytes());
            }
        }
        Self(Mutex::new(connections.into()))
    }

    fn left(&self) -> usize {
        self.0.lock().expect("not poisoned").len()
    }
}

#[derive(Debug)]
struct Replay(Arc<Traffic>);

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let next = self.0.0.lock().expect("not poisoned").pop_front();
        let asked = (request.method(), canonical(request.uri()));
        let answer = match next {
            Some(recorded) if asked == (recorded.method.as_str(), canonical(&recorded.uri)) => {
                let status = recorded.status.try_into().expect("a status");
                let mut response = HttpResponse::new(status, SdkBody::from(recorded.body));
                // Whoever took the secrets out of a recording left its length.
                for (name, value) in recorded.headers.into_iter().filter(|(name, _)| name != "content-length")
                {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
            other => {
                println!("asked for {asked:?}, recorded is {other:?}");
                Err(ConnectorError::other("not recorded".into(), None))
            }
        };
        HttpConnectorFuture::ready(answer)
    }
}

/// A URI whose parameters are in order.
fn canonical(uri: &str) -> String {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut pairs: Vec<_> = query.split('&').collect();
    pairs.sort_unstable();
    format!("{}?{}", path.trim_end_matches('/'), pairs.join("&"))
}

fn read(file: &Path) -> Value {
    let text = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A text whose absolute paths lie under the root.
fn moved(text: &str, root: &Path) -> String {
    let root = root.to_string_lossy();
    text.replace("/token.jwt", &format!("{root}/token.jwt")).replace("/home", &format!("{root}/home"))
}

fn copy_moved(from: &Path, to: &Path, root: &Path) {
    let Ok(entries) = std::fs::read_dir(from) else { return };
    for entry in entries {
        let entry = entry.expect("an entry");
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&place).expect("made");
            copy_moved(&entry.path(), &place, root);
        } else {
            let bytes = std::fs::read(entry.path()).expect("read");
            let bytes = match String::from_utf8(bytes) {
                Ok(text) => moved(&text, root).into_bytes(),
                Err(error) => error.into_bytes(),
            };
            std::fs::write(place, bytes).expect("written");
        }
    }
}
