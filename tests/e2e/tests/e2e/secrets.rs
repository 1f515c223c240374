//! No secret is in any output, log, cache file or error.

use std::path::Path;
use std::process::Command;

use bedrock_sim::{AccessKey, Auth, Operation, Scenario};

use crate::support::{MODEL, Sim, outcrop, simulator, text};

/// Part of every secret, and of nothing else.
const PLANTED: &str = "PLANTED";

const ID: &str = "AKIDWITHSECRET00000";
const SECRET: &str = "PLANTED-secret-key";
const TOKEN: &str = "PLANTED-session-token";
const BEARER: &str = "PLANTED-bearer-token";

/// How credentials are had, and which of the simulator's moods they meet.
type Source<'a> = (&'static str, Vec<(&'static str, String)>, Vec<&'a str>);

fn sources<'a>(sim: &Sim, home: &Path, endpoint_with_user: &'a str) -> Vec<Source<'a>> {
    let script = |name: &str, body: &str| {
        let file = home.join(name);
        std::fs::write(&file, body).expect("written");
        file.display().to_string()
    };
    let given = script(
        "given.sh",
        &format!(
            r#"echo '{{"Version":1,"AccessKeyId":"{ID}","SecretAccessKey":"{SECRET}","SessionToken":"{TOKEN}"}}'"#
        ),
    );
    let failing = script("failing.sh", "echo PLANTED-on-stderr >&2; echo PLANTED-on-stdout; exit 1");
    let garbled = script("garbled.sh", r#"echo '{"Version":1,"SecretAccessKey":"PLANTED-unfinished'"#);
    let profiles = format!(
        "[profile keys]\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n\
         [profile process]\ncredential_process = sh {given} --password PLANTED-argument\n\
         [profile failing]\ncredential_process = sh {failing} --password PLANTED-argument\n\
         [profile garbled]\ncredential_process = sh {garbled}\n\
         [profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\nexternal_id = PLANTED-id\n\
         [profile sso]\nsso_start_url = https://example.com/start\nsso_region = us-east-1\n\
         sso_account_id = 123456789012\nsso_role_name = R\n"
    );
    let aws = home.join(".aws");
    std::fs::create_dir_all(aws.join("sso/cache")).expect("made");
    std::fs::write(aws.join("config"), &profiles).expect("written");
    // The name is the digest of the start URL.
    let cached = r#"{"accessToken":"PLANTED-sso-token","expiresAt":"2199-01-01T00:00:00Z","clientSecret":"PLANTED-client","refreshToken":"PLANTED-refresh","region":"us-east-1","startUrl":"https://example.com/start"}"#;
    std::fs::write(aws.join("sso/cache/b343494cf15ba6b81449840ea93161cf3b27e5e3.json"), cached)
        .expect("written");
    script(
        "headers.json5",
        r#"{ models: { providers: { "amazon-bedrock": { headers: { "x-gateway-key": "PLANTED-header" } } } } }"#,
    );
    let broken = script("broken", "[default]\naws_secret_access_key PLANTED-without-equals\n");
    let jwt = script("token.jwt", "PLANTED-web-identity");
    let keys = || {
        vec![
            ("AWS_ACCESS_KEY_ID", ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_SESSION_TOKEN", TOKEN.to_owned()),
        ]
    };
    let wrong = |name: &'static str| {
        let mut wrong = keys();
        wrong.retain(|(known, _)| *known != name);
        wrong.push((name, format!("{PLANTED}-wrong")));
        wrong
    };
    let profile = |name: &str| vec![("AWS_PROFILE", name.to_owned())];
    let endpoint = sim.endpoint();
    vec![
        ("keys", keys(), vec![]),
        ("wrong secret", wrong("AWS_SECRET_ACCESS_KEY"), vec![]),
        ("wrong token", wrong("AWS_SESSION_TOKEN"), vec![]),
        ("bearer", vec![("AWS_BEARER_TOKEN_BEDROCK", BEARER.to_owned())], vec![]),
        ("wrong bearer", vec![("AWS_BEARER_TOKEN_BEDROCK", format!("{BEARER}-wrong"))], vec![]),
        (
            "bearer in the clear",
            vec![("AWS_BEARER_TOKEN_BEDROCK", BEARER.to_owned())],
            vec!["--endpoint", "http://outcrop.invalid"],
        ),
        ("profile", profile("keys"), vec![]),
        ("process", profile("process"), vec![]),
        ("failing process", profile("failing"), vec![]),
        ("garbled process", profile("garbled"), vec![]),
        ("role", profile("role"), vec![]),
        ("broken file", vec![("AWS_CONFIG_FILE", broken)], vec![]),
        ("sso", profile("sso"), vec![]),
        ("configured profile", wrong("AWS_SECRET_ACCESS_KEY"), vec!["--profile", "keys"]),
        (
            "web identity",
            vec![
                ("AWS_WEB_IDENTITY_TOKEN_FILE", jwt.clone()),
                ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r".to_owned()),
            ],
            vec![],
        ),
        (
            "container",
            vec![
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{endpoint}/credentials")),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "PLANTED-container-token".to_owned()),
            ],
            vec![],
        ),
        ("configured header", keys(), vec!["--config", "headers.json5"]),
        ("user in an endpoint that answers", keys(), vec!["--endpoint", endpoint_with_user]),
        ("user in the endpoint", keys(), vec!["--endpoint", "http://user:PLANTED-password@127.0.0.1:9"]),
    ]
}

const COMMANDS: &[&[&str]] = &[
    &["auth"],
    &["auth", "--json"],
    &["doctor", "--model", MODEL],
    &["doctor", "--json"],
    &["doctor", "--policy"],
    &["models", "list"],
    &["chat", "--model", MODEL, "Hello"],
    &["chat", "--json", "--model", MODEL, "Hello"],
];

#[test]
fn no_output_log_or_cache_file_holds_a_secret() {
    let sim = simulator();
    sim.set_auth(
        Auth::none().access_key(ID, AccessKey::with_session_token(SECRET, TOKEN)).bearer_token(BEARER),
    );
    let (home, cache) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let with_user = sim.endpoint().replace("http://", "http://user:PLANTED-password@");
    let (mut leaks, mut logged) = (Vec::new(), false);
    for (name, variables, options) in sources(&sim, home.path(), &with_user) {
        for (place, arguments) in COMMANDS.iter().enumerate() {
            let mut command: Command = outcrop(&sim);
            command
                .env_remove("AWS_ACCESS_KEY_ID")
                .env_remove("AWS_SECRET_ACCESS_KEY")
                .env_remove("AWS_CONFIG_FILE")
                .env("HOME", home.path())
                .current_dir(home.path())
                // STS, single sign-on and all else that is asked for credentials.
                .env("AWS_ENDPOINT_URL", sim.endpoint())
                .env("OUTCROP_CACHE_DIR", cache.path())
                .env("RUST_BACKTRACE", "1")
                .envs(variables.iter().map(|(name, value)| (name, value)))
                .args(&options)
                .args(*arguments);
            // All there is to log, asked for in either way.
            if place % 2 == 0 {
                command.env("RUST_LOG", "trace");
            } else {
                command.arg("-vvv");
            }
            let output = command.output().expect("it runs");
            let said = text(&output.stdout) + &text(&output.stderr);
            logged |= said.contains("TRACE") || said.contains("DEBUG");
            assert!(!said.contains("panicked"), "{name} {arguments:?}: {said}");
            for line in said.lines().filter(|line| line.contains(PLANTED)) {
                leaks.push(format!("{name} {arguments:?}: {line}"));
            }
        }
    }
    for file in files(cache.path()) {
        let bytes = std::fs::read(&file).expect("read");
        if bytes.windows(PLANTED.len()).any(|window| window == PLANTED.as_bytes()) {
            leaks.push(format!("the cache file {}", file.display()));
        }
    }
    assert!(logged, "the log was on");
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));

    // The secrets were in use: the service was shown what it needs to see.
    let shown = |header: &str, value: &str| {
        sim.requests().iter().any(|request| request.header(header).is_some_and(|seen| seen.contains(value)))
    };
    assert!(shown("x-amz-security-token", TOKEN));
    assert!(shown("authorization", BEARER));
    assert!(shown("x-amz-sso_bearer_token", "PLANTED-sso-token"));
    assert!(shown("authorization", "PLANTED-container-token"));
    assert!(shown("x-gateway-key", "PLANTED-header"));
}

#[test]
fn an_answer_that_quotes_the_signed_request_is_cut() {
    let sim = simulator();
    let quoted = format!(
        "The request signature we calculated does not match.\n\nThe Canonical String for this request should have \
         been\n'GET\n/\nx-amz-security-token:{TOKEN}'"
    );
    sim.script(bedrock_sim::Target::Any, Scenario::error(403, "InvalidSignatureException", &quoted));
    for arguments in COMMANDS {
        let output = outcrop(&sim).args(*arguments).output().expect("it runs");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(PLANTED), "{arguments:?}: {said}");
    }
    assert!(sim.requests().iter().any(|request| request.operation == Operation::ConverseStream));
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => files(&path),
            path => vec![path],
        })
        .collect()
}
