//! Lists of models, read.

use outcrop::Models;

use crate::boundary;
use crate::handles::{self, outcrop_models};
use crate::strings::outcrop_str;

/// What stands behind an `outcrop_models`.
#[derive(Debug)]
pub(crate) struct ModelsObject {
    ids: Vec<String>,
    /// Of each model.
    json: Vec<String>,
    /// Each as the JSON of an error.
    problems: Vec<String>,
}

impl ModelsObject {
    pub(crate) fn new(models: &Models) -> Self {
        fn all<T: serde::Serialize>(values: &[T]) -> Vec<String> {
            values.iter().map(|value| serde_json::to_string(value).unwrap_or_default()).collect()
        }
        Self {
            ids: models.models.iter().map(|model| model.id.clone()).collect(),
            json: all(&models.models),
            problems: all(&models.problems),
        }
    }
}

fn field<T>(models: *const outcrop_models, otherwise: T, read: impl FnOnce(&ModelsObject) -> Option<T>) -> T {
    boundary::or(otherwise, || read(&*handles::get(models).ok()?))
}

/// How many models are in the list.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_models_count(models: *const outcrop_models) -> usize {
    field(models, 0, |models| Some(models.ids.len()))
}

/// The id of a model: what to write into the "model" of a request. None past the end.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_models_id(models: *const outcrop_models, index: usize) -> outcrop_str {
    field(models, outcrop_str::NONE, |models| models.ids.get(index).map(|id| outcrop_str::of(id)))
}

/// All that is known of a model, as JSON. None past the end.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_models_json(models: *const outcrop_models, index: usize) -> outcrop_str {
    field(models, outcrop_str::NONE, |models| models.json.get(index).map(|json| outcrop_str::of(json)))
}

/// How many things kept models from the list: a missing permission, for one.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_models_problem_count(models: *const outcrop_models) -> usize {
    field(models, 0, |models| Some(models.problems.len()))
}

/// What kept models from the list: an error, as JSON. None past the end.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_models_problem_json(models: *const outcrop_models, index: usize) -> outcrop_str {
    field(models, outcrop_str::NONE, |models| models.problems.get(index).map(|json| outcrop_str::of(json)))
}

/// Frees a list of models. NULL is nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn outcrop_models_free(models: *mut outcrop_models) {
    boundary::or((), || handles::take(models).map(drop));
}
