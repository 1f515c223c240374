//! The discovery cache: fresh, stale, damaged, shared by many processes, and what is not kept in it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use bedrock_sim::{Catalogue, DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Operation, Scenario, Step};
use outcrop::config::Document;
use outcrop::{ErrorClass, Host};
use serde_json::{Value, json};

use crate::support::{PATIENCE, Sim, builder, host, outcrop, simulator, text};

/// A listing is two lists of Bedrock's, the second of them asked for twice: for the system's profiles and
/// the account's own.
const LISTING: (usize, usize) = (1, 2);

/// How often each list was asked for, since the requests were last forgotten.
fn asked(sim: &Sim) -> (usize, usize) {
    let requests = sim.requests();
    let count = |operation| requests.iter().filter(|request| request.operation == operation).count();
    (count(Operation::ListFoundationModels), count(Operation::ListInferenceProfiles))
}

/// A catalogue of one more model.
fn with_model(id: &str) -> Catalogue {
    Catalogue::default().model(json!({
        "modelId": id, "modelName": "One more", "providerName": "Somebody",
        "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"),
        "inputModalities": ["TEXT"], "outputModalities": ["TEXT"], "responseStreamingSupported": true,
        "inferenceTypesSupported": ["ON_DEMAND"], "modelLifecycle": { "status": "ACTIVE" },
    }))
}

fn denied() -> Scenario {
    Scenario::error(
        403,
        "AccessDeniedException",
        "User: arn:aws:iam::1:user/u is not authorized to perform: bedrock:ListInferenceProfiles",
    )
}

/// Makes every list in a file hours old, as if nobody had looked since.
fn make_old(file: &Path) {
    let bytes = std::fs::read(file).expect("a file");
    let (head, body) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').expect("a first line"));
    let mut document: Value = serde_json::from_slice(body).expect("JSON");
    let lists = document["lists"].as_object_mut().expect("lists");
    for list in lists.values_mut() {
        if let Some(fetched_at) = list.get_mut("fetchedAt") {
            *fetched_at = json!(fetched_at.as_u64().expect("seconds") - 3 * 3600);
        }
    }
    let body = document.to_string();
    let form = text(head).split_once(' ').expect("a form and a checksum").0.to_owned();
    let sum = crc32fast::hash(body.as_bytes());
    std::fs::write(file, format!("{form} {sum:08x}\n{body}")).expect("written");
}

/// What many processes at once print.
fn all_at_once(sim: &Sim, processes: usize) -> Vec<String> {
    let start = || {
        let mut command = outcrop(sim);
        command.args(["models", "list", "--plain"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it starts")
    };
    let children: Vec<Child> = (0..processes).map(|_| start()).collect();
    let ended = children.into_iter().map(|child| child.wait_with_output().expect("it ends"));
    ended
        .map(|output| {
            assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
            text(&output.stdout)
        })
        .collect()
}

#[test]
fn a_fresh_listing_is_shown_without_a_request() {
    let sim = simulator();
    let list = || outcrop(&sim).args(["models", "list"]).output().expect("it runs");
    let first = list();
    assert_eq!(asked(&sim), LISTING);
    sim.forget_requests();
    let again = list();
    assert_eq!(sim.requests().len(), 0, "nothing was asked of anybody");
    assert_eq!(text(&again.stdout), text(&first.stdout));
    assert_eq!(text(&again.stderr), "");
    // Unless the caller insists.
    outcrop(&sim).args(["models", "list", "--refresh"]).output().expect("it runs");
    assert_eq!(asked(&sim), LISTING);

    use std::os::unix::fs::PermissionsExt as _;
    let [file] = &sim.1.listings()[..] else { panic!("one file") };
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(file), mode(&sim.1.path().join("models"))), (0o600, 0o700));
    let kept = text(&std::fs::read(file).expect("a file"));
    assert!(!kept.contains(DEFAULT_ACCESS_KEY) && !kept.contains(DEFAULT_SECRET_KEY));
}

#[test]
fn a_stale_listing_is_printed_before_bedrock_answers() {
    let sim = simulator();
    let list = || outcrop(&sim).args(["models", "list", "--plain"]).output().expect("it runs");
    let before = text(&list().stdout);
    make_old(&sim.1.listings()[0]);
    sim.set_catalogue(with_model("somebody.new-model"));

    sim.forget_requests();
    // Bedrock says nothing at all: the list is there all the same.
    let never = || Scenario::json(200, &json!({})).before_headers(Duration::from_secs(3600));
    sim.script(Operation::ListFoundationModels, never());
    let mut child = outcrop(&sim)
        .args(["models", "list", "--plain"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let shown: Vec<String> = lines.take(before.lines().count()).map(|line| line.expect("text")).collect();
    assert_eq!(shown.join("\n"), before.trim_end());
    let mut said = [0; 15];
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_exact(&mut said).expect("a word on its age");
    assert_eq!(text(&said), "listed 3 h ago;");
    let is_asking = |log: &bedrock_sim::Log| {
        log.requests().iter().any(|request| request.operation == Operation::ListFoundationModels)
    };
    assert!(sim.wait_for_blocking(is_asking, PATIENCE), "it asks for a new one meanwhile");
    child.kill().expect("it is still there");
    child.wait().expect("it ends");

    // Bedrock answers: the next one shows what is new.
    sim.clear_scripts();
    let stale = list();
    assert_eq!(text(&stale.stdout), before);
    sim.forget_requests();
    let after = text(&list().stdout);
    assert!(after.contains("somebody.new-model"), "{after}");
    assert_eq!(sim.requests().len(), 0);
}

#[test]
fn of_twenty_processes_one_asks() {
    let sim = simulator();
    for round in ["cold", "stale"] {
        if round == "stale" {
            make_old(&sim.1.listings()[0]);
        }
        sim.forget_requests();
        let printed = all_at_once(&sim, 20);
        assert_eq!(asked(&sim), LISTING, "{round}");
        assert!(printed[0].lines().count() > 20);
        assert!(printed.iter().all(|other| *other == printed[0]), "{round}");
        let files = std::fs::read_dir(sim.1.path().join("models")).expect("a folder");
        let names: Vec<_> = files.map(|file| file.expect("a file").file_name()).collect();
        assert_eq!(names.len(), 2, "the file and its lock: {names:?}");
    }
    sim.forget_requests();
    all_at_once(&sim, 1);
    assert_eq!(sim.requests().len(), 0, "what is left is whole and fresh");
}

#[test]
fn a_damaged_file_is_discarded_with_a_warning() {
    let sim = simulator();
    let list = || outcrop(&sim).args(["models", "list", "--plain"]).output().expect("it runs");
    let first = list();
    let file = &sim.1.listings()[0];
    let good = std::fs::read(file).expect("a file");
    for damaged in [&good[..good.len() / 2], b"", b"\0\0\0\0", &[&good[..], b"more"].concat()] {
        std::fs::write(file, damaged).expect("written");
        sim.forget_requests();
        let output = list();
        assert_eq!(asked(&sim), LISTING);
        assert_eq!(text(&output.stdout), text(&first.stdout));
        assert!(text(&output.stderr).contains("discarded"), "{}", text(&output.stderr));
        sim.forget_requests();
        assert_eq!(text(&list().stderr), "");
        assert_eq!(sim.requests().len(), 0);
    }
}

#[test]
fn another_key_region_or_endpoint_has_a_listing_of_its_own() {
    let sim = simulator();
    let other = simulator();
    let list = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = outcrop(&sim);
        change(&mut command);
        let output = command.args(["models", "list"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    };
    list(&|_| ());
    sim.forget_requests();
    list(&|command| {
        command.env("AWS_REGION", "eu-west-1");
    });
    assert_eq!(asked(&sim), LISTING, "another region");
    list(&|command| {
        command.env("AWS_ENDPOINT_URL_BEDROCK", other.endpoint());
    });
    assert_eq!(asked(&other), LISTING, "another endpoint");
    sim.forget_requests();
    list(&|command| {
        command.env("AWS_BEARER_TOKEN_BEDROCK", bedrock_sim::DEFAULT_BEARER_TOKEN);
    });
    assert_eq!(asked(&sim), LISTING, "other credentials");
    assert_eq!(sim.1.listings().len(), 4);
    sim.forget_requests();
    list(&|_| ());
    assert_eq!(sim.requests().len(), 0);
}

#[tokio::test]
async fn a_missing_permission_is_named_and_remembered_for_a_while() {
    let sim = simulator();
    sim.script(Operation::ListInferenceProfiles, denied());
    for process in 0..3 {
        let listed = host(&sim).models().await.expect("the foundation models");
        assert!(listed.models.iter().all(|model| model.origin == "foundation-model"));
        let [problem] = &listed.problems[..] else { panic!("said once: {:?}", listed.problems) };
        assert_eq!(problem.class, ErrorClass::PermissionDenied);
        assert!(problem.message.starts_with("bedrock:ListInferenceProfiles: "), "{problem}");
        assert!(problem.remedy.as_ref().expect("a remedy").contains("allow bedrock:ListInferenceProfiles"));
        assert_eq!(asked(&sim), LISTING, "process {process} takes the first one's word for it");
    }
    // Mended, and asked for: all is there.
    sim.clear_scripts();
    let listed = host(&sim).refresh_models().await.expect("models");
    assert!(listed.problems.is_empty());
    assert!(listed.models.iter().any(|model| model.origin == "system-profile"));
    // What could not be had this time is shown as it was the last time.
    sim.script(Operation::ListInferenceProfiles, denied());
    let partly = host(&sim).refresh_models().await.expect("models");
    assert_eq!(partly.models, listed.models);
    assert_eq!(partly.problems.len(), 1);
}

#[tokio::test]
async fn a_failure_is_shown_and_never_an_empty_list() {
    let sim = simulator();
    let throttled = Scenario::error(429, "ThrottlingException", "Too many requests");
    for operation in [Operation::ListFoundationModels, Operation::ListInferenceProfiles] {
        sim.script(operation, throttled.clone());
    }
    for _ in 0..3 {
        let error = host(&sim).models().await.expect_err("nothing could be listed");
        assert_eq!((error.class, error.http_status), (ErrorClass::RateLimited, Some(429)));
        assert!(error.message.contains("Too many requests"), "{error}");
        assert_eq!(asked(&sim), LISTING, "the failure is remembered");
    }
    sim.clear_scripts();
    assert!(host(&sim).refresh_models().await.expect("models").problems.is_empty());
}

/// A person renews them and tries again at once.
#[tokio::test]
async fn refused_credentials_are_not_remembered() {
    let sim = simulator();
    let host = |secret: &str| {
        Host::builder()
            .region("us-east-1")
            .endpoint(sim.endpoint())
            .access_key(DEFAULT_ACCESS_KEY, secret, None)
            .cache_folder(sim.1.path())
            .build()
            .expect("a host")
    };
    let error = host("a-wrong-secret-nobody-may-see").models().await.expect_err("no models");
    assert_eq!(error.class, ErrorClass::Unauthenticated);
    assert!(sim.1.listings().is_empty());
    assert!(host(DEFAULT_SECRET_KEY).models().await.expect("models").problems.is_empty());
}

#[tokio::test]
async fn without_an_interval_every_listing_is_fetched() {
    let sim = simulator();
    let host = builder(&sim).refresh_interval(Duration::ZERO).build().expect("a host");
    let (first, second) = tokio::join!(host.models(), host.models());
    assert_eq!(first.expect("models").models, second.expect("models").models);
    assert_eq!(asked(&sim), (2, 4), "calls at the same time are not shared either");
    host.models().await.expect("models");
    assert_eq!(asked(&sim), (3, 6));
    assert!(sim.1.listings().is_empty());
}

#[tokio::test]
async fn a_host_that_lives_on_refreshes_behind_its_callers() {
    let sim = simulator();
    // Whatever was listed is stale at once.
    let host = builder(&sim).refresh_interval(Duration::from_nanos(1)).build().expect("a host");
    let first = host.models().await.expect("models");
    sim.set_catalogue(with_model("somebody.new-model"));
    sim.forget_requests();
    // Can be called from a task of its own, and many times: one of them asks.
    let calls: Vec<_> = (0..5)
        .map(|_| {
            tokio::spawn({
                let host = host.clone();
                async move { host.models().await }
            })
        })
        .collect();
    for call in calls {
        let stale = call.await.expect("no panic").expect("models");
        assert!(stale.is_stale || stale.models.len() > first.models.len());
    }
    assert!(host.refreshed().await.is_empty());
    let is_new = |models: &outcrop::Models| {
        models.models.iter().any(|model| model.id.ends_with("/somebody.new-model"))
    };
    assert!(is_new(&host.models().await.expect("models")));
    assert!(!is_new(&first));

    // A refresh that fails leaves what there was, and says why.
    host.refreshed().await;
    sim.script(Operation::ListFoundationModels, Scenario::stream(vec![Step::Reset]));
    host.models().await.expect("models");
    let problems = host.refreshed().await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].message.starts_with("bedrock:ListFoundationModels: "), "{}", problems[0]);
    let kept = host.models().await.expect("models");
    assert!(is_new(&kept) && kept.problems.len() == 1);
}

#[tokio::test]
async fn a_configuration_turns_discovery_off_and_sets_its_interval() {
    let sim = simulator();
    let at = sim.endpoint();
    let host = |discovery: &str| {
        let text = format!(
            "{{models: {{bedrockDiscovery: {discovery}, providers: {{'amazon-bedrock': {{
                baseUrl: '{at}', discoveryBaseUrl: '{at}', models: [{{id: 'my.own-model'}}]}}}}}}}}"
        );
        let config = Document::parse("test.json5", &text).and_then(|document| document.config(&|_| None));
        builder(&sim).config(config.expect("a configuration")).build().expect("a host")
    };
    let on = host("{}").models().await.expect("models");
    assert!(on.models.len() > 20);
    sim.forget_requests();
    let off = host("{enabled: false}");
    let listed = off.models().await.expect("models");
    let ids: Vec<_> = listed.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["amazon-bedrock/my.own-model"], "neither asked for nor taken from the cache");
    assert!(listed.left_out.is_empty() && !listed.is_stale);
    assert_eq!(sim.requests().len(), 0);

    let always = host("{refreshInterval: 0}");
    always.models().await.expect("models");
    always.models().await.expect("models");
    assert_eq!(asked(&sim), (2, 4));
}
