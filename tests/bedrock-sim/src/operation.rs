//! Which operation a request line asks for.

use hyper::Method;
use percent_encoding::percent_decode_str;

/// An operation of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `POST /model/{id}/converse-stream`
    ConverseStream,
    /// `POST /model/{id}/converse`
    Converse,
    /// `POST /model/{id}/count-tokens`
    CountTokens,
    /// `GET /foundation-models`
    ListFoundationModels,
    /// `GET /inference-profiles`
    ListInferenceProfiles,
    /// `GET /inference-profiles/{id}`
    GetInferenceProfile,
    /// `GET /foundation-model-availability/{id}`
    GetFoundationModelAvailability,
    /// `POST /`: the Security Token Service's one operation here.
    GetCallerIdentity,
    /// Anything else.
    Unknown,
}

/// What a request line names: the operation, and the model or profile id out of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) id: Option<String>,
}

impl Route {
    /// `path` is the raw path: an id holds its `/` and `:` percent-encoded.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (operation, id) = match (method.as_str(), segments.as_slice()) {
            ("POST", ["model", id, "converse-stream"]) => (Operation::ConverseStream, Some(id)),
            ("POST", ["model", id, "converse"]) => (Operation::Converse, Some(id)),
            ("POST", ["model", id, "count-tokens"]) => (Operation::CountTokens, Some(id)),
            ("GET", ["foundation-models"]) => (Operation::ListFoundationModels, None),
            ("GET", ["inference-profiles"]) => (Operation::ListInferenceProfiles, None),
            ("GET", ["inference-profiles", id]) => (Operation::GetInferenceProfile, Some(id)),
            ("GET", ["foundation-model-availability", id]) => {
                (Operation::GetFoundationModelAvailability, Some(id))
            }
            ("POST", [""]) => (Operation::GetCallerIdentity, None),
            _ => (Operation::Unknown, None),
        };
        let id = id.map(|id| percent_decode_str(id).decode_utf8_lossy().into_owned());
        Self { operation, id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_in_the_path_is_one_id() {
        let path =
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.x.y-v1%3A0/converse-stream";
        let route = Route::of(&Method::POST, path);
        assert_eq!(route.operation, Operation::ConverseStream);
        assert_eq!(route.id.as_deref(), Some("arn:aws:bedrock:us-east-1:1:inference-profile/us.x.y-v1:0"));
    }

    #[test]
    fn the_services_beside_the_runtime_are_known() {
        let availability = Route::of(&Method::GET, "/foundation-model-availability/a.b-v1%3A0");
        assert_eq!(availability.operation, Operation::GetFoundationModelAvailability);
        assert_eq!(availability.id.as_deref(), Some("a.b-v1:0"));
        assert_eq!(Route::of(&Method::POST, "/").operation, Operation::GetCallerIdentity);
    }

    #[test]
    fn the_method_counts() {
        assert_eq!(Route::of(&Method::GET, "/model/a.b/converse").operation, Operation::Unknown);
    }
}
