//! The server's process: the simulator, with one answer to everything.

use std::io::{self, Read, Write};

use anyhow::{Result, anyhow};
use bedrock_sim::{Auth, Catalogue, Operation, Scenario, Simulator};
use serde_json::json;

/// Models beside the simulator's own, so that the listing is as long as a real account's.
const MORE_MODELS: usize = 100;

/// Serves until stdin ends. The endpoint is the one line on stdout.
///
/// Signatures are not checked, and every frame is encoded before the first request: what the server
/// does for a stream is to write it.
pub(crate) fn serve(scenario: &str) -> Result<()> {
    let scenario = Scenario::named(scenario).map_err(|message| anyhow!(message))?;
    let simulator = Simulator::builder().auth(Auth::off()).catalogue(catalogue()).start_in_thread()?;
    simulator.script(Operation::ConverseStream, scenario);
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", simulator.endpoint())?;
    stdout.flush()?;
    io::stdin().lock().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn catalogue() -> Catalogue {
    (0..MORE_MODELS).fold(Catalogue::default(), |catalogue, number| {
        let id = format!("example.text-{number}-v1:0");
        catalogue.model(json!({
            "converse": {
                "maxTokensDefault": 4096,
                "maxTokensMaximum": 8192,
                "systemRoleSupported": true,
                "userDocumentTypesSupported": [],
                "userImageTypesSupported": ["jpeg", "png"],
            },
            "customizationsSupported": [],
            "description": { "maxContextWindow": "128K", "shortDescription": "A model to fill the listing." },
            "inferenceTypesSupported": ["ON_DEMAND"],
            "inputModalities": ["TEXT", "IMAGE"],
            "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"),
            "modelId": id,
            "modelLifecycle": { "status": "ACTIVE" },
            "modelName": format!("Text {number}"),
            "outputModalities": ["TEXT"],
            "providerName": "Example",
            "responseStreamingSupported": true,
        }))
    })
}
