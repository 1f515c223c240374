//! The component: the contract's exports over the plain logic, and its imports under it.

use crate::bindings::exports::outcrop::provider::inspector::{Guest as Inspector, Preview};
use crate::bindings::exports::outcrop::provider::provider::{
    Guest as Provider, GuestResponseStream, Offer, Progress, ResponseStream,
};
use crate::bindings::exports::outcrop::provider::token_counter::{
    CountProgress, Guest as TokenCounter, GuestTokenCount, TokenCount,
};
use crate::bindings::outcrop::provider::bedrock_bridge::{
    self, Arrival, BodyPart, Call as HostCall, Failure, Listing,
};
use crate::bindings::outcrop::provider::memory::{self, Scope};
use crate::bindings::outcrop::provider::types::{Error, Request};
use crate::bridge::{About, Bridge, Call};
use crate::counter::Counting;
use crate::settings::Settings;
use crate::stream::Answer;
use crate::{counter, inspector, listing};
use core::cell::RefCell;
use std::sync::OnceLock;

static SETTINGS: OnceLock<Settings> = OnceLock::new();

fn settings() -> &'static Settings {
    SETTINGS.get_or_init(Settings::default)
}

/// The bridge that the host grants.
struct Host;

impl Bridge for Host {
    type Call = HostCall;

    fn list_models(&self) -> Result<Listing, Failure> {
        bedrock_bridge::list_models()
    }

    fn lookup(&self, id: &str) -> Option<Vec<u8>> {
        bedrock_bridge::lookup(id)
    }

    fn start(&self, operation: &str, model_id: &str, body: &[BodyPart]) -> Result<HostCall, Failure> {
        bedrock_bridge::start_stream(operation, model_id, body, 0)
    }

    fn recall(&self, about: About<'_>, key: &str) -> Option<String> {
        memory::recall(&scope(about), key)
    }

    fn remember(&self, about: About<'_>, key: &str, value: &str, seconds: u32) {
        memory::remember(&scope(about), key, value, seconds);
    }
}

fn scope(about: About<'_>) -> Scope {
    match about {
        About::Model(id) => Scope::Model(id.into()),
        About::Conversation(id) => Scope::Conversation(id.into()),
    }
}

impl Call for HostCall {
    fn next_chunk(&self) -> Result<Arrival, Failure> {
        HostCall::next_chunk(self)
    }

    fn request_id(&self) -> Option<String> {
        HostCall::request_id(self)
    }
}

struct Plugin;

impl Provider for Plugin {
    type ResponseStream = Stream;

    fn configure(text: String) -> Result<(), Error> {
        let parsed = Settings::parse(&text)?;
        // The contract says once; a second time changes nothing.
        let _ = SETTINGS.set(parsed);
        Ok(())
    }

    fn list_models() -> Result<Offer, Error> {
        listing::list_models(&Host, settings())
    }

    fn start_stream(request: Request) -> Result<ResponseStream, Error> {
        let answer = Answer::start(Host, request, settings())?;
        Ok(ResponseStream::new(Stream(RefCell::new(answer))))
    }
}

/// One answer, as the contract's resource.
struct Stream(RefCell<Answer<'static, Host>>);

impl GuestResponseStream for Stream {
    fn next_chunk(&self) -> Result<Progress, Error> {
        self.0.borrow_mut().next_chunk()
    }
}

impl TokenCounter for Plugin {
    type TokenCount = Count;

    fn start_count(request: Request) -> Result<TokenCount, Error> {
        Ok(TokenCount::new(Count(counter::start(Host, &request, settings())?)))
    }
}

/// One count, as the contract's resource.
struct Count(Counting<Host>);

impl GuestTokenCount for Count {
    fn poll(&self) -> Result<CountProgress, Error> {
        self.0.poll()
    }
}

impl Inspector for Plugin {
    fn preview_request(request: Request) -> Result<Preview, Error> {
        inspector::preview(&Host, &request, settings())
    }

    fn explain_model(id: String) -> Result<String, Error> {
        Ok(inspector::explain(&Host, &id, settings()))
    }
}

mod export {
    //! The symbols that the host calls.
    #![expect(unsafe_code, reason = "exported symbols are unsafe attributes")]

    use super::Plugin;

    crate::bindings::export!(Plugin with_types_in crate::bindings);
}
