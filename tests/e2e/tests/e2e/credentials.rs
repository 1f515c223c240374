//! Credentials: which are taken, when they are read again, and what `outcrop auth` says of them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bedrock_sim::{AccessKey, Auth, AuthOutcome, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Scenario, Target};
use outcrop::{ErrorClass, Host};
use serde_json::Value;

use crate::peers::ministack;
use crate::support::{
    MODEL, Sim, ask, bare_outcrop, done, failed, inner_endpoint, inside_with, outcrop, run, simulator, text,
};

/// The binary with this home folder and this simulator, without a key.
fn without_key(sim: &Sim, home: &Path) -> Command {
    let mut command = outcrop(sim);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env_remove("AWS_CONFIG_FILE")
        .env_remove("AWS_SHARED_CREDENTIALS_FILE")
        .env("HOME", home)
        .env("AWS_ENDPOINT_URL_STS", sim.endpoint());
    command
}

/// A home folder whose `~/.aws` holds this.
fn home(config: &str, credentials: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join(".aws")).expect("made");
    std::fs::write(home.path().join(".aws/config"), config).expect("written");
    std::fs::write(home.path().join(".aws/credentials"), credentials).expect("written");
    home
}

fn keys(profile: &str, id: &str, secret: &str) -> String {
    format!("[{profile}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)))
}

fn auth(command: &mut Command) -> Value {
    json(&command.args(["auth", "--json"]).output().expect("it runs"))
}

#[test]
fn each_source_is_named_in_its_order() {
    let sim = simulator();
    let home = home(
        "[profile named]\nregion = eu-west-1\n",
        &(keys("default", DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY)
            + &keys("named", DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY)),
    );
    let key = [("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_KEY)];
    let profile = ("AWS_PROFILE", "named");
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", bedrock_sim::DEFAULT_BEARER_TOKEN);
    let in_files = "access key in the shared configuration files";
    for (variables, source, found, account) in [
        (vec![], "aws-sdk default chain", format!("{in_files} (profile default)"), true),
        (vec![profile], "env: AWS_PROFILE", format!("{in_files} (profile named)"), true),
        (vec![profile, key[0]], "env: AWS_PROFILE", format!("{in_files} (profile named)"), true),
        (
            vec![profile, key[0], key[1]],
            "env: AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY",
            "access key".to_owned(),
            true,
        ),
        (
            vec![profile, key[0], key[1], bearer],
            "env: AWS_BEARER_TOKEN_BEDROCK",
            "Bedrock API key".to_owned(),
            false,
        ),
    ] {
        let told = auth(without_key(&sim, home.path()).envs(variables));
        assert_eq!(told["source"], source, "{told:#}");
        assert_eq!(told["found"], found, "{told:#}");
        assert_eq!(told["account"] == "123456789012", account, "{told:#}");
        assert_eq!(told["problem"], Value::Null, "{told:#}");
        assert_eq!(told["region"], "us-east-1", "AWS_REGION comes before the profile's");
    }
    let told = auth(without_key(&sim, home.path()).env_remove("AWS_REGION").envs([profile]));
    assert_eq!((&told["region"], &told["regionSource"]), (&"eu-west-1".into(), &"profile: named".into()));
}

#[test]
fn a_configured_profile_comes_before_ambient_keys() {
    let good = "AKIDCONFIGURED00000";
    let sim = simulator();
    sim.set_auth(Auth::default().access_key(good, AccessKey::new("configured")));
    let home = home("", &keys("work", good, "configured"));
    let ambient = [
        ("AWS_ACCESS_KEY_ID", DEFAULT_ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", DEFAULT_SECRET_KEY),
        ("AWS_BEARER_TOKEN_BEDROCK", bedrock_sim::DEFAULT_BEARER_TOKEN),
    ];
    run(without_key(&sim, home.path()).envs(ambient).args([
        "--profile",
        "work",
        "chat",
        "--model",
        MODEL,
        "Hello",
    ]));
    let who: Vec<_> = sim.requests().into_iter().filter_map(|request| request.auth).collect();
    assert_eq!(who, [AuthOutcome::Signed { access_key: good.to_owned() }]);

    let told = auth(without_key(&sim, home.path()).envs(ambient).args(["--profile", "work"]));
    assert_eq!(told["source"], "profile: work");
    // A typing error does not end in some other credentials.
    let output = without_key(&sim, home.path())
        .envs(ambient)
        .args(["--profile", "wrok", "models", "list"])
        .output()
        .expect("it runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("no profile wrok") && said.contains("aws configure --profile wrok"), "{said}");
    let told = auth(without_key(&sim, home.path()).env("AWS_PROFILE", "wrok"));
    let remedy = told["problem"]["remedy"].as_str().expect("a remedy");
    assert!(remedy.contains("aws configure --profile wrok"), "{told:#}");
}

#[test]
fn blank_variables_count_as_unset() {
    const NAMES: &[&str] = &[
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_BEDROCK",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    ];
    let sim = simulator();
    let home =
        home("[default]\nregion = eu-north-1\n", &keys("default", DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY));
    for blank in ["", " \t "] {
        sim.forget_requests();
        let mut command = without_key(&sim, home.path());
        command.envs(NAMES.iter().map(|name| (name, blank)));
        command.args(["--endpoint", &sim.endpoint(), "chat", "--model", MODEL, "sim:text fine"]);
        assert_eq!(run(&mut command), "fine\n");
        let asked = sim.requests().pop().expect("a request");
        let signed = asked.header("authorization").expect("signed");
        assert!(signed.contains("/eu-north-1/bedrock/"), "the default profile's region: {signed}");

        let mut command = without_key(&sim, home.path());
        let told = auth(command.envs(NAMES.iter().map(|name| (name, blank))));
        assert_eq!(told["source"], "aws-sdk default chain", "{told:#}");
        assert_eq!(told["account"], "123456789012", "{told:#}");

        // With no profile either there is nothing, and nobody is taken for a value.
        let nobody = tempfile::tempdir().expect("a folder");
        let mut command = without_key(&sim, nobody.path());
        let told = auth(command.envs(NAMES.iter().map(|name| (name, blank))));
        assert_eq!(told["found"], Value::Null, "{told:#}");
        assert_eq!(told["problem"]["class"], "unauthenticated", "{told:#}");
    }
}

/// A profile whose process counts its calls and gives these keys in turn, the last one again and again.
fn process_profile(folder: &Path, turns: &[(&str, &str)]) -> String {
    let mut script = format!("echo >> {0}/calls; case $(wc -l < {0}/calls) in ", folder.display());
    for (turn, (id, token)) in turns.iter().enumerate() {
        let pattern = if turn + 1 == turns.len() { "*".to_owned() } else { (turn + 1).to_string() };
        script += &format!(
            r#"{pattern}) echo '{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"s","SessionToken":"{token}"}}';; "#
        );
    }
    std::fs::write(folder.join("process.sh"), script + "esac\n").expect("written");
    format!("[profile p]\ncredential_process = sh {}/process.sh\n", folder.display())
}

fn calls(folder: &Path) -> usize {
    std::fs::read(folder.join("calls")).map_or(0, |bytes| bytes.len())
}

fn temporary_keys() -> Auth {
    Auth::none()
        .access_key("ASIAOLD", AccessKey::with_session_token("s", "old").expired())
        .access_key("ASIANEW", AccessKey::with_session_token("s", "new"))
}

#[test]
fn expired_credentials_are_read_again_once_for_all() {
    let sim = simulator();
    sim.set_auth(temporary_keys());
    let folder = tempfile::tempdir().expect("a folder");
    let home = home(&process_profile(folder.path(), &[("ASIAOLD", "old"), ("ASIANEW", "new")]), "");
    let mut chat = without_key(&sim, home.path());
    chat.args(["--profile", "p", "chat", "--model", MODEL, "sim:text fine"]);
    assert_eq!(run(&mut chat), "fine\n");
    assert_eq!((sim.requests().len(), calls(folder.path())), (2, 2), "refused once, then believed");

    // Three listings at once are refused at once, and share one reading.
    std::fs::remove_file(folder.path().join("calls")).expect("removed");
    sim.forget_requests();
    run(without_key(&sim, home.path()).args(["--profile", "p", "models", "list"]));
    assert_eq!(calls(folder.path()), 2);
}

/// Both good, until the service says otherwise.
fn good_keys() -> Auth {
    Auth::none()
        .access_key("ASIAOLD", AccessKey::with_session_token("s", "old"))
        .access_key("ASIANEW", AccessKey::with_session_token("s", "new"))
}

#[test]
fn credentials_that_are_refused_later_are_read_again_too() {
    let sim = simulator();
    sim.set_auth(good_keys());
    sim.script_next(Target::Any, Scenario::text("first"));
    sim.script_next(Target::Any, Scenario::error(403, "ExpiredTokenException", "it is expired"));
    let folder = tempfile::tempdir().expect("a folder");
    let home = home(&process_profile(folder.path(), &[("ASIAOLD", "old"), ("ASIANEW", "new")]), "");
    inside_with(&sim, "credentials::inner_streams_with_a_profile", &[("HOME", home.path())]);
    let who: Vec<_> = sim.requests().into_iter().filter_map(|request| request.auth).collect();
    let keys = ["ASIAOLD", "ASIAOLD", "ASIANEW"];
    assert_eq!(who, keys.map(|key| AuthOutcome::Signed { access_key: key.to_owned() }));
    assert_eq!(calls(folder.path()), 2);
}

#[tokio::test]
#[ignore = "run by the test above, in an environment of its own"]
async fn inner_streams_with_a_profile() {
    let host = Host::builder().region("us-east-1").profile("p").endpoint(inner_endpoint()).attempts(1);
    let host = host.build().expect("a host");
    for _ in 0..2 {
        done(host.stream(ask("Hello"))).await;
    }
}

#[test]
fn credentials_that_expire_meanwhile_are_replaced_without_a_refusal() {
    let sim = simulator();
    sim.set_auth(good_keys());
    let folder = tempfile::tempdir().expect("a folder");
    // The first ones are good for three seconds, the others for an hour.
    let given = |id: &str, token: &str, life: &str| {
        format!(
            r#"echo '{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"s","SessionToken":"{token}","Expiration":"'$(date -u -d '{life}' +%Y-%m-%dT%H:%M:%SZ)'"}}'"#
        )
    };
    let script = format!(
        "echo >> {0}/calls; case $(wc -l < {0}/calls) in 1) {1};; *) {2};; esac\n",
        folder.path().display(),
        given("ASIAOLD", "old", "+3 seconds"),
        given("ASIANEW", "new", "+1 hour"),
    );
    std::fs::write(folder.path().join("process.sh"), script).expect("written");
    let config = format!("[profile p]\ncredential_process = sh {}/process.sh\n", folder.path().display());
    let home = home(&config, "");
    inside_with(&sim, "credentials::inner_streams_across_an_expiry", &[("HOME", home.path())]);
    let who: Vec<_> = sim.requests().into_iter().filter_map(|request| request.auth).collect();
    let signed = |key: &str| AuthOutcome::Signed { access_key: key.to_owned() };
    assert_eq!(who.len(), 2, "nothing was sent twice: {who:?}");
    assert_eq!(who[1], signed("ASIANEW"));
    // On a very slow machine the first ones were over before they were used.
    assert!(who[0] == signed("ASIAOLD") || who[0] == signed("ASIANEW"), "{who:?}");
}

#[tokio::test]
#[ignore = "run by the test above, in an environment of its own"]
async fn inner_streams_across_an_expiry() {
    let host = Host::builder().region("us-east-1").profile("p").endpoint(inner_endpoint());
    let host = host.build().expect("a host");
    // The credentials expire while this one runs, which is no concern of it.
    let message = done(host.stream(ask("sim:paced deltas=90 every=50"))).await;
    assert_eq!(message.text().len(), 90 * 20);
    done(host.stream(ask("Hello"))).await;
}

#[test]
fn credentials_that_stay_expired_are_an_error_with_its_remedy() {
    let sim = simulator();
    sim.set_auth(temporary_keys());
    let folder = tempfile::tempdir().expect("a folder");
    let home = home(&process_profile(folder.path(), &[("ASIAOLD", "old")]), "");
    let mut chat = without_key(&sim, home.path());
    let output = chat.args(["--profile", "p", "chat", "--model", MODEL, "Hello"]).output().expect("it runs");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("is expired") && said.contains("credential_process of the profile p"), "{said}");
    assert_eq!(sim.requests().len(), 1, "the same key is not tried again");
}

#[test]
fn a_session_of_single_sign_on_that_is_over_names_the_command() {
    let sim = simulator();
    let home = home(
        "[profile dev]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = R\n\
         [sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n",
        "",
    );
    for arguments in [&["models", "list"][..], &["chat", "--model", MODEL, "Hello"], &["auth"]] {
        let mut command = without_key(&sim, home.path());
        let output = command.env("AWS_PROFILE", "dev").args(arguments).output().expect("it runs");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("aws sso login --profile dev"), "{arguments:?}: {said}");
    }
    assert!(sim.requests().is_empty());
}

#[test]
fn files_are_read_again_by_a_host_that_lives_on() {
    let sim = simulator();
    sim.set_auth(temporary_keys());
    let home = home("", "");
    inside_with(&sim, "credentials::inner_host_that_lives_on", &[("HOME", home.path())]);
}

#[tokio::test]
#[ignore = "run by the test above, in an environment of its own"]
async fn inner_host_that_lives_on() {
    let home = std::env::var("HOME").expect("set by the outer test");
    let credentials = Path::new(&home).join(".aws/credentials");
    let write = |id: &str, token: &str| {
        let text = keys("p", id, "s") + "aws_session_token = " + token + "\n";
        std::fs::write(&credentials, text).expect("written");
    };
    let host = Host::builder().region("us-east-1").profile("p").endpoint(inner_endpoint());
    let host = host.build().expect("a host");
    write("ASIAOLD", "old");
    let error = failed(host.stream(ask("Hello"))).await;
    assert_eq!(error.class, ErrorClass::Unauthenticated, "{error:?}");
    let remedy = error.remedy.expect("a remedy");
    assert!(remedy.contains("new temporary keys for the profile p"), "{remedy}");
    write("ASIANEW", "new");
    done(host.stream(ask("Hello"))).await;
}

#[test]
fn an_instance_role_is_found_without_a_workaround() {
    let Some(ministack) = ministack(&[("MINISTACK_IMDS_V2_REQUIRED", "1")]) else { return };
    // Without a token the service gives nothing.
    let mut connection =
        TcpStream::connect(ministack.endpoint.trim_start_matches("http://")).expect("connects");
    connection
        .write_all(b"GET /latest/meta-data/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .expect("written");
    let mut refused = String::new();
    connection.read_to_string(&mut refused).expect("read");
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");

    let nobody = tempfile::tempdir().expect("a folder");
    let role = home(
        "[profile role]\nrole_arn = arn:aws:iam::000000000000:role/r\n\
         credential_source = Ec2InstanceMetadata\n",
        "",
    );
    let outcrop = |home: &Path| {
        let mut command = outcrop_of_instance(home);
        command
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &ministack.endpoint)
            .env("AWS_ENDPOINT_URL", &ministack.endpoint);
        command
    };
    for (home, profile, source, found) in [
        (nobody.path(), None, "aws-sdk default chain", "EC2 instance role"),
        (nobody.path(), Some("default"), "env: AWS_PROFILE", "EC2 instance role"),
        (role.path(), Some("role"), "env: AWS_PROFILE", "assumed role, by EC2 instance role (profile role)"),
    ] {
        let told = auth(outcrop(home).envs(profile.map(|name| ("AWS_PROFILE", name))));
        assert_eq!((&told["source"], &told["found"]), (&source.into(), &found.into()), "{told:#}");
        assert_eq!(told["problem"], Value::Null, "{told:#}");
        assert!(told["expires"].as_str().is_some_and(|date| date.ends_with('Z')), "{told:#}");
        let listed = run(outcrop(home)
            .envs(profile.map(|name| ("AWS_PROFILE", name)))
            .args(["models", "list", "--json"]));
        assert!(listed.contains("anthropic.claude"), "{listed}");
    }
    // Forbidden is forbidden.
    let told = auth(outcrop(nobody.path()).env("AWS_EC2_METADATA_DISABLED", "true"));
    assert_eq!(told["found"], Value::Null, "{told:#}");

    // A container's role comes before the instance's.
    let container = format!("{}/v2/credentials/task", ministack.endpoint);
    let told = auth(outcrop(nobody.path()).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", container));
    assert_eq!(told["found"], "ECS container role", "{told:#}");
}

/// The binary that may ask an instance's metadata service, with the files of this home.
fn outcrop_of_instance(home: &Path) -> Command {
    let mut command = bare_outcrop();
    command
        .env_remove("AWS_EC2_METADATA_DISABLED")
        .env_remove("AWS_CONFIG_FILE")
        .env_remove("AWS_SHARED_CREDENTIALS_FILE")
        .env("HOME", home);
    command
}

/// The binary that has nothing but an instance's role to hope for, whose service is here.
fn hopeful(endpoint: &str, home: &Path, cache: &Path) -> Command {
    let config = format!("[default]\nec2_metadata_service_endpoint = {endpoint}\n");
    std::fs::create_dir_all(home.join(".aws")).expect("made");
    std::fs::write(home.join(".aws/config"), config).expect("written");
    let mut command = outcrop_of_instance(home);
    command
        .env("OUTCROP_CACHE_DIR", cache)
        .args(["models", "list"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// The workaround that OpenClaw's documentation asks for: a sign of EC2.
const WORKAROUND: (&str, &str) = ("AWS_PROFILE", "default");

/// How many connections this many runs at once make to a metadata service that never answers.
fn metadata_connections(variables: &[(&str, &str)], runs: usize, cache: &Path) -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let home = tempfile::tempdir().expect("a folder");
    let start =
        || hopeful(&endpoint, home.path(), cache).envs(variables.iter().copied()).spawn().expect("it starts");
    let children: Vec<_> = (0..runs).map(|_| start()).collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("no AWS credentials were found"), "{}", text(&output.stderr));
    }
    listener.set_nonblocking(true).expect("set");
    std::iter::from_fn(|| listener.accept().ok()).count()
}

#[test]
fn the_metadata_service_is_asked_once_a_day_at_most() {
    let cache = tempfile::tempdir().expect("a folder");
    if Path::new("/sys/class/dmi/id/sys_vendor").exists() {
        println!("skipped in part: this machine may be EC2");
    } else {
        assert_eq!(metadata_connections(&[], 2, cache.path()), 0, "no sign of EC2, no request");
    }
    assert_eq!(metadata_connections(&[WORKAROUND], 8, cache.path()), 1, "one asks for all");
    assert_eq!(metadata_connections(&[WORKAROUND], 2, cache.path()), 0, "the silence is remembered");
}

#[test]
fn only_silence_is_remembered() {
    let (home, cache) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let remembered = || {
        let memory = std::fs::read_to_string(cache.path().join("no-instance-metadata"));
        !memory.unwrap_or_default().is_empty()
    };
    let ask = |endpoint: &str| {
        let mut command = hopeful(endpoint, home.path(), cache.path());
        let output = command.envs([WORKAROUND]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    };
    // A service that answers, though it has no role to give, is asked again: somebody may attach one.
    let sim = simulator();
    for _ in 0..2 {
        sim.forget_requests();
        ask(&sim.endpoint());
        assert!(!sim.requests().is_empty() && !remembered());
    }
    // Where nobody listens, nobody is.
    ask("http://127.0.0.1:9");
    assert!(remembered());
}
