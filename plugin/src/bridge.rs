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

    /// A fact that was kept, while it lives. A host that remembers nothing is a host that forgot.
    fn recall(&self, about: About<'_>, key: &str) -> Option<String> {
        let _ = (about, key);
        None
    }

    /// Keeps a fact, printable ASCII of at most 64 bytes, for so many seconds.
    fn remember(&self, about: About<'_>, key: &str, value: &str, seconds: u32) {
        let _ = (about, key, value, seconds);
    }
}

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// Every request to this base model.
    Model(&'a str),
    /// This conversation.
    Conversation(&'a str),
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
