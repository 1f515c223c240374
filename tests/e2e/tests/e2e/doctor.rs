//! `outcrop doctor` names the cause and the remedy; so does the error of the command that fails for it.

use std::process::{Command, Output};

use bedrock_sim::{
    AccessKey, Auth, DEFAULT_ACCESS_KEY, DEFAULT_BEARER_TOKEN, DEFAULT_SECRET_KEY, Operation, Scenario,
};
use serde_json::{Value, json};

use crate::support::{MODEL, Sim, outcrop, run, simulator, text};

/// The binary, which may ask the simulator whose credentials it has.
fn binary(sim: &Sim) -> Command {
    let mut command = outcrop(sim);
    command.env("AWS_ENDPOINT_URL_STS", sim.endpoint());
    command
}

/// What a doctor found.
struct Findings {
    code: Option<i32>,
    checks: Vec<Value>,
}

impl Findings {
    fn of(command: &mut Command, model: &str) -> Self {
        Self::read(command.args(["doctor", "--json", "--model", model]))
    }

    fn read(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("it runs");
        let checks = serde_json::from_slice(&stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", text(&stdout), text(&stderr)));
        Self { code: status.code(), checks }
    }

    fn check(&self, name: &str) -> &Value {
        self.checks
            .iter()
            .find(|check| check["name"] == name)
            .unwrap_or_else(|| panic!("no {name} in {:#?}", self.checks))
    }

    fn failed(&self) -> Vec<&str> {
        let failed = self.checks.iter().filter(|check| check["verdict"] == "failed");
        failed.map(|check| check["name"].as_str().expect("a name")).collect()
    }

    /// The check failed, and says both of these.
    fn fails(&self, name: &str, cause: &str, remedy: &str) {
        let check = self.check(name);
        let says =
            |member: &str, words: &str| check[member].as_str().is_some_and(|text| text.contains(words));
        assert_eq!(check["verdict"], "failed", "{check:#}");
        assert!(says("finding", cause) && says("remedy", remedy), "{check:#}");
        assert_eq!(self.code, Some(1));
    }
}

/// What a command says as it fails.
fn error(command: &mut Command, arguments: &[&str]) -> String {
    let output = command.args(arguments).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    text(&output.stderr)
}

const LIST: &[&str] = &["models", "list"];
const CHAT: &[&str] = &["chat", "--model", MODEL, "Hello"];

#[test]
fn where_all_is_well_nothing_has_failed() {
    let sim = simulator();
    let findings = Findings::of(&mut binary(&sim), MODEL);
    assert_eq!((findings.code, findings.failed()), (Some(0), vec![]), "{:#?}", findings.checks);
    for name in [
        "credentials",
        "identity",
        "region",
        "endpoint-control",
        "endpoint-runtime",
        "clock",
        "bedrock:ListFoundationModels",
        "bedrock:ListInferenceProfiles",
        "bedrock:GetInferenceProfile",
        "bedrock:InvokeModel",
        "bedrock:InvokeModelWithResponseStream",
        "entitlement",
        "call",
    ] {
        assert_eq!(findings.check(name)["verdict"], "ok", "{:#}", findings.check(name));
    }
    let said = run(binary(&sim).args(["doctor", "--model", MODEL]));
    assert!(said.contains("ok      identity") && said.contains("user/simulator"), "{said}");
    let called = sim.requests().into_iter().filter(|request| request.operation == Operation::ConverseStream);
    assert!(called.map(|request| request.json()).all(|body| body["inferenceConfig"]["maxTokens"] == 1));
}

#[test]
fn without_a_model_none_is_called() {
    let sim = simulator();
    run(binary(&sim).arg("doctor"));
    let asked: Vec<_> = sim.requests().into_iter().filter_map(|request| request.id).collect();
    assert!(!asked.iter().any(|id| id.starts_with("sim.")), "{asked:?}");
}

#[test]
fn each_missing_permission_is_named() {
    for (operation, action, command) in [
        (Operation::ListFoundationModels, "bedrock:ListFoundationModels", Some(LIST)),
        (Operation::ListInferenceProfiles, "bedrock:ListInferenceProfiles", None),
        (Operation::GetInferenceProfile, "bedrock:GetInferenceProfile", None),
        (Operation::Converse, "bedrock:InvokeModel", None),
        (Operation::ConverseStream, "bedrock:InvokeModelWithResponseStream", Some(CHAT)),
    ] {
        let sim = simulator();
        sim.script(operation, Scenario::denied(action));
        let findings = Findings::of(&mut binary(&sim), MODEL);
        let remedy = format!("allow {action} to this role or user");
        findings.fails(action, "is not authorized to perform", &remedy);
        let others: Vec<_> = findings.failed().into_iter().filter(|name| *name != action).collect();
        let expected: &[&str] = if operation == Operation::ConverseStream { &["call"] } else { &[] };
        assert_eq!(others, expected, "{action}");
        // What still works is no error, but the missing permission is told all the same.
        let said = match command {
            Some(CHAT) => error(&mut binary(&sim), CHAT),
            Some(arguments) => text(&binary(&sim).args(arguments).output().expect("it runs").stderr),
            None if operation == Operation::ListInferenceProfiles => {
                let output = binary(&sim).args(LIST).output().expect("it runs");
                assert_eq!(output.status.code(), Some(0));
                assert!(text(&output.stdout).contains("amazon-bedrock/"));
                text(&output.stderr)
            }
            None => continue,
        };
        assert!(said.contains(&remedy), "{action}: {said}");
    }
}

#[test]
fn an_api_key_needs_an_action_of_its_own() {
    let sim = simulator();
    let with_key = |token: &str| {
        let mut command = binary(&sim);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        command.env("AWS_BEARER_TOKEN_BEDROCK", token);
        command
    };
    let findings = Findings::of(&mut with_key(DEFAULT_BEARER_TOKEN), MODEL);
    assert_eq!(findings.failed(), Vec::<&str>::new(), "{:#?}", findings.checks);
    assert_eq!(findings.check("bedrock:CallWithBearerToken")["verdict"], "ok");
    assert_eq!(findings.check("identity")["verdict"], "skipped");

    let error = error(&mut with_key("expired"), CHAT);
    assert!(error.contains("AWS_BEARER_TOKEN_BEDROCK") && error.contains("new Bedrock API key"), "{error}");
    let findings = Findings::of(&mut with_key("expired"), MODEL);
    findings.fails("call", "API Key", "new Bedrock API key");

    let action = "bedrock:CallWithBearerToken";
    sim.script(bedrock_sim::Target::Any, Scenario::denied(action));
    let findings = Findings::of(&mut with_key(DEFAULT_BEARER_TOKEN), MODEL);
    findings.fails(action, "is not authorized to perform", "allow bedrock:CallWithBearerToken");
}

#[test]
fn an_expired_token_is_told_with_what_to_do() {
    let sim = simulator();
    let key = AccessKey::with_session_token(DEFAULT_SECRET_KEY, "token").expired();
    sim.set_auth(Auth::none().access_key(DEFAULT_ACCESS_KEY, key));
    let command = || {
        let mut command = binary(&sim);
        command.env("AWS_SESSION_TOKEN", "token");
        command
    };
    let remedy = "get new temporary keys and set AWS_ACCESS_KEY_ID";
    Findings::of(&mut command(), MODEL).fails("credentials", "is expired", remedy);
    for arguments in [LIST, CHAT] {
        let said = error(&mut command(), arguments);
        assert!(said.contains("is expired") && said.contains(remedy), "{said}");
    }
}

#[test]
fn a_wrong_region_is_told_with_where_it_comes_from() {
    let sim = simulator();
    sim.set_auth(Auth::default().region("eu-west-1"));
    let findings = Findings::of(&mut binary(&sim), MODEL);
    let remedy = "another region than us-east-1 (env: AWS_REGION)";
    findings.fails("bedrock:ListFoundationModels", "valid region", remedy);
    findings.fails("call", "valid region", remedy);
    assert_eq!(findings.check("credentials")["verdict"], "ok");
    for arguments in [LIST, CHAT] {
        let said = error(&mut binary(&sim), arguments);
        assert!(said.contains("valid region") && said.contains(remedy), "{said}");
    }
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_told() {
    let sim = simulator();
    let nowhere = "http://127.0.0.1:9";
    let command = || {
        let mut command = binary(&sim);
        command.args(["--endpoint", nowhere]);
        command
    };
    let findings = Findings::of(&mut command(), MODEL);
    for name in ["endpoint-control", "endpoint-runtime"] {
        findings.fails(name, "refused", nowhere);
    }
    findings.fails("call", "refused", nowhere);
    assert_eq!(findings.check("entitlement")["verdict"], "warning");
    assert_eq!(findings.check("credentials")["verdict"], "ok", "who it is, is asked elsewhere");
    for arguments in [LIST, CHAT] {
        let said = error(&mut command(), arguments);
        assert!(said.contains("network") && said.contains(nowhere), "{said}");
    }
}

#[test]
fn a_clock_that_is_off_is_measured_and_gets_by() {
    for (ahead, way) in [(600, "behind"), (-600, "ahead of")] {
        let sim = simulator();
        sim.set_auth(Auth::default().clock_ahead(ahead));
        let findings = Findings::of(&mut binary(&sim), MODEL);
        findings.fails("clock", way, "set the clock");
        assert_eq!(findings.failed(), ["clock"], "{:#?}", findings.checks);
        let finding = findings.check("clock")["finding"].as_str().expect("text");
        let off: i64 = finding.split_whitespace().find_map(|word| word.parse().ok()).expect("a number");
        assert!((off - 600).abs() < 60, "{finding}");
        // The time is learnt from the first refusal.
        for arguments in [LIST, CHAT] {
            run(binary(&sim).args(arguments));
        }
    }
    // Where even that does not help.
    let sim = simulator();
    let skewed = "Signature expired: 20260101T000000Z is now earlier than 20261121T000000Z";
    sim.script(bedrock_sim::Target::Any, Scenario::error(403, "InvalidSignatureException", skewed));
    for arguments in [LIST, CHAT] {
        let said = error(&mut binary(&sim), arguments);
        assert!(said.contains("Signature expired") && said.contains("set the clock"), "{said}");
    }
}

#[test]
fn a_model_that_the_account_may_not_use_is_told() {
    let sim = simulator();
    let availability = json!({
        "modelId": "sim.text-v1:0",
        "agreementAvailability": { "status": "NOT_AVAILABLE" },
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "NOT_AVAILABLE",
        "regionAvailability": "AVAILABLE",
    });
    sim.script(Operation::GetFoundationModelAvailability, Scenario::json(200, &availability));
    let findings = Findings::of(&mut binary(&sim), MODEL);
    findings.fails("entitlement", "agreement: NOT_AVAILABLE, entitlement: NOT_AVAILABLE", "Model access");
    // That it may not be asked says nothing of the model.
    let action = "bedrock:GetFoundationModelAvailability";
    sim.script(Operation::GetFoundationModelAvailability, Scenario::denied(action));
    let findings = Findings::of(&mut binary(&sim), MODEL);
    assert_eq!(findings.check("entitlement")["verdict"], "warning");
    assert_eq!(findings.code, Some(0));
}

#[test]
fn the_configured_model_and_guardrail_are_looked_at() {
    let sim = simulator();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.json5");
    let config = json!({
        "agents": { "defaults": { "model": { "primary": MODEL } } },
        "plugins": { "entries": { "amazon-bedrock": { "config": {
            "guardrail": { "guardrailIdentifier": "gr1", "guardrailVersion": "3" },
        } } } },
    });
    std::fs::write(&file, config.to_string()).expect("written");
    let command = || {
        let mut command = binary(&sim);
        command.arg("--config").arg(&file).arg("doctor");
        command
    };
    let findings = Findings::read(command().arg("--json"));
    assert_eq!(findings.check("call")["verdict"], "ok");
    assert_eq!(findings.check("bedrock:ApplyGuardrail")["verdict"], "ok");
    let is_call = |operation| matches!(operation, Operation::Converse | Operation::ConverseStream);
    for call in sim.requests().into_iter().filter(|request| is_call(request.operation)) {
        assert_eq!(call.json()["guardrailConfig"]["guardrailIdentifier"], "gr1");
    }
    let policy: Value = serde_json::from_str(&run(command().arg("--policy"))).expect("JSON");
    assert_eq!(policy["Statement"][2]["Action"], json!(["bedrock:ApplyGuardrail"]));
    assert_eq!(policy["Statement"][2]["Resource"], "arn:aws:bedrock:*:*:guardrail/gr1");

    let action = "bedrock:ApplyGuardrail";
    sim.script(Operation::ConverseStream, Scenario::denied(action));
    let findings = Findings::read(command().arg("--json"));
    findings.fails(action, "is not authorized to perform", "allow bedrock:ApplyGuardrail");
    let said = error(binary(&sim).arg("--config").arg(&file), CHAT);
    assert!(said.contains("allow bedrock:ApplyGuardrail to this role or user"), "{said}");
}

#[test]
fn an_id_with_a_mistaken_ending_is_looked_up_as_it_is_meant() {
    let sim = simulator();
    let catalogue = bedrock_sim::Catalogue::empty().model(json!({
        "modelId": "novel.model-v1", "modelName": "Novel", "providerName": "Novel",
        "modelArn": "arn:aws:bedrock:us-east-1::foundation-model/novel.model-v1",
        "inputModalities": ["TEXT"], "outputModalities": ["TEXT"], "responseStreamingSupported": true,
        "inferenceTypesSupported": ["ON_DEMAND"], "modelLifecycle": { "status": "ACTIVE" },
    }));
    sim.set_catalogue(catalogue);
    let findings = Findings::of(&mut binary(&sim), "amazon-bedrock/novel.model-v1:0");
    assert_eq!(findings.check("entitlement")["verdict"], "ok", "{:#?}", findings.checks);
    let findings = Findings::of(&mut binary(&sim), "amazon-bedrock/novel.model-v2:0");
    let check = findings.check("entitlement");
    assert_eq!((&check["verdict"], findings.code), (&json!("failed"), Some(1)), "{check:#}");
}

#[test]
fn the_policy_is_the_least_that_is_needed() {
    let sim = simulator();
    let policy = |region: &str, arguments: &[&str]| -> Value {
        let mut command = binary(&sim);
        command.env("AWS_REGION", region).args(["doctor", "--policy"]).args(arguments);
        serde_json::from_str(&run(&mut command)).expect("JSON")
    };
    let all = policy("us-east-1", &[]);
    assert_eq!(all["Version"], "2012-10-17");
    let actions: Vec<_> = all["Statement"]
        .as_array()
        .expect("statements")
        .iter()
        .flat_map(|statement| statement["Action"].as_array().expect("actions"))
        .collect();
    for action in ["ListFoundationModels", "ListInferenceProfiles", "GetInferenceProfile", "InvokeModel"] {
        assert!(actions.contains(&&json!(format!("bedrock:{action}"))), "{action}");
    }
    assert!(!actions.iter().any(|action| action.as_str().is_some_and(|action| action.contains('*'))));
    let one = policy("us-gov-west-1", &["--model", "amazon-bedrock/us-gov.anthropic.claude-x-v1:0"]);
    assert_eq!(
        one["Statement"][1]["Resource"],
        json!([
            "arn:aws-us-gov:bedrock:*:*:inference-profile/us-gov.anthropic.claude-x-v1:0",
            "arn:aws-us-gov:bedrock:*::foundation-model/anthropic.claude-x-v1:0",
            "arn:aws-us-gov:bedrock:*::foundation-model/us-gov.anthropic.claude-x-v1:0",
        ])
    );
    assert!(sim.requests().is_empty(), "nobody is asked");
}
