//! Recordings: an answer kept in files, given again.

use bytes::Bytes;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Operation, Scenario, Step, frame};

const STREAM: &str = ".response.eventstream";
const JSON: &str = ".response.json";
const META: &str = ".meta.json";

/// The answer of `NAME.response.*`; without a `NAME.meta.json` beside it, a 200.
pub(crate) fn load(path: &Path) -> io::Result<Scenario> {
    let bytes = Bytes::from(std::fs::read(path)?);
    let streamed = path.to_string_lossy().ends_with(STREAM);
    let mut scenario = if streamed {
        Scenario::stream(frame::split(bytes).into_iter().map(Step::Raw).collect())
    } else {
        Scenario::stream(vec![Step::Raw(bytes)]).header("content-type", "application/json")
    };
    let meta = meta(path)?;
    if let Some(status) = meta["status"].as_u64() {
        scenario.status = u16::try_from(status).map_err(io::Error::other)?;
    }
    if let Some(code) = meta["errortype"].as_str() {
        scenario = scenario.header("x-amzn-errortype", code);
    }
    Ok(scenario)
}

/// The operation that a recording answers, when its meta file says.
pub fn operation(path: &Path) -> io::Result<Option<Operation>> {
    Ok(match meta(path)?["op"].as_str() {
        Some("ConverseStream") => Some(Operation::ConverseStream),
        Some("Converse") => Some(Operation::Converse),
        Some("CountTokens") => Some(Operation::CountTokens),
        Some("ListFoundationModels") => Some(Operation::ListFoundationModels),
        Some("ListInferenceProfiles") => Some(Operation::ListInferenceProfiles),
        Some("GetInferenceProfile") => Some(Operation::GetInferenceProfile),
        _ => None,
    })
}

/// The file of a recording by its name, in the folder or one below it.
pub(crate) fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let below = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let folders = [folder.to_owned()].into_iter().chain(below.filter(|path| path.is_dir()));
    folders
        .flat_map(|folder| [STREAM, JSON].map(|ending| folder.join(format!("{name}{ending}"))))
        .find(|path| path.is_file())
}

fn meta(path: &Path) -> io::Result<Value> {
    let path = path.to_string_lossy();
    let stem = path.strip_suffix(STREAM).or_else(|| path.strip_suffix(JSON));
    let file = stem.map(|stem| PathBuf::from(format!("{stem}{META}"))).filter(|file| file.is_file());
    match file {
        Some(file) => Ok(serde_json::from_slice(&std::fs::read(file)?)?),
        None => Ok(Value::Null),
    }
}
