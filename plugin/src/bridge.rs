//! Bedrock as the logic sees it. The component implements these traits with its imports, the tests
//! with a script, since imports cannot be called in a native build.

use crate::bindings::outcrop::provider::bedrock_bridge::{Arrival, BodyPart, Failure, Listing};

/// The verbs of `bedrock-bridge`.
pub trait Bridge {
    /// An operation under way.
    type Call: Call;

    /// The account's models as last listed.
    ///
    /// # Errors
    /// Where nothing could be listed.
    fn list_models(&self) -> Result<Listing, Failure>;

    /// One entry of the cached listing, as JSON.
    fn lookup(&self, id: &str) -> Option<Vec<u8>>;

    /// Starts an operation.
    ///
    /// # Errors
    /// Where the host refuses it or it fails at once.
    fn start(&self, operation: &str, model_id: &str, body: &[BodyPart]) -> Result<Self::Call, Failure>;
}

/// An operation under way.
pub trait Call {
    /// What has arrived.
    ///
    /// # Errors
    /// Where the operation failed.
    fn next_chunk(&self) -> Result<Arrival, Failure>;

    /// The request id, once the answer has begun.
    fn request_id(&self) -> Option<String>;
}
