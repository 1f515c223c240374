//! Recordings of the real service replayed, where they are beside the project.

use bedrock_sim::{Auth, Scenario, Simulator, Step};
use std::path::PathBuf;

fn recordings() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/recordings"));
    folder.is_dir().then_some(folder)
}

#[test]
fn a_recording_is_replayed_to_the_byte() {
    let Some(folder) = recordings() else {
        println!("skipped: there are no recordings");
        return;
    };
    let files = std::fs::read_dir(folder.join("ConverseStream")).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    let streams: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "eventstream")).collect();
    assert!(!streams.is_empty());
    for file in streams {
        let scenario = Scenario::replay(&file).expect("a recording");
        let bytes: Vec<u8> = scenario
            .steps
            .iter()
            .flat_map(|step| match step {
                Step::Raw(frame) => frame.to_vec(),
                other => panic!("not bytes: {other:?}"),
            })
            .collect();
        assert_eq!(bytes, std::fs::read(&file).expect("a file"), "{}", file.display());
        assert_eq!(scenario.status, 200);
    }
    let refused = folder.join("Converse/rig--retired_model_id_preserves_provider_error.0.response.json");
    let scenario = Scenario::replay(refused).expect("a recording");
    assert_eq!(scenario.status, 404);
    assert!(scenario.headers.iter().any(|(name, _)| name == "x-amzn-errortype"));
}

#[test]
fn a_recording_that_is_not_there_is_an_error() {
    let simulator = Simulator::builder().auth(Auth::off()).start_in_thread().expect("it starts");
    assert!(simulator.replay("sim.text-v1:0", "no-such.response.json").is_err());
}
