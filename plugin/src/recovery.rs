//! A request from its first mapping until its answer has begun: where Bedrock refuses it for a known
//! reason, it is changed, mapped again and sent again.
//!
//! Each reason has one repair, each repair is tried once, and all of them together [`MOST`] times, so
//! that a refusal can never loop. A repair that leaves the request as it was is none. What a repair
//! taught is written down once an answer has begun, never before.

mod changes;
mod refusals;

use crate::bindings::outcrop::provider::bedrock_bridge::BodyPart;
use crate::bindings::outcrop::provider::types::{Error, ErrorCode, Extension, Request, Rewrite};
use crate::bridge::Bridge;
use crate::errors;
use crate::json;
use crate::learned::{Earlier, Lack, Learned};
use crate::models::ids;
use crate::models::route::{self, Route};
use crate::request::{self, Mapped, rewrites};
use crate::settings::Settings;
use crate::stream::cost::Meter;
use crate::target::Target;
use changes::Change;
use refusals::Refusal;

/// The most repairs of one request.
const MOST: usize = 4;

/// What is done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repair {
    /// The model goes without.
    Without(Lack),
    /// Earlier reasoning is sent in another way.
    Reasoning(Earlier),
    /// The model is called through a profile.
    Profile,
    /// A profile that was guessed does not exist: the next guess.
    NextProfile,
    /// The request is changed.
    Changed(Change),
}

/// A request whose answer has not begun.
pub(crate) struct Attempt<'a, B: Bridge> {
    bridge: B,
    settings: &'a Settings,
    request: Request,
    target: Target,
    body: Vec<BodyPart>,
    /// What was done, and is not done again.
    repairs: Vec<&'static Refusal>,
    /// The same, for the caller.
    told: Vec<Rewrite>,
    /// Profiles to try where the id cannot be called, the next one last.
    profiles: Vec<Route>,
}

/// A request that has been sent.
pub(crate) struct Sent<'a, C> {
    pub(crate) call: C,
    /// All that was changed so that it could be.
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) names: request::names::Names,
    pub(crate) meter: Meter<'a>,
}

impl<'a, B: Bridge> Attempt<'a, B> {
    /// Maps a request and sends it.
    ///
    /// # Errors
    /// Where the request cannot be mapped or the host refuses the call.
    pub(crate) fn start(
        bridge: B,
        request: Request,
        settings: &'a Settings,
    ) -> Result<(Self, Sent<'a, B::Call>), Error> {
        let target = Target::of(&bridge, &request, settings);
        let mapped = request::converse(&request, &target, settings)?;
        let mut attempt = Self {
            bridge,
            settings,
            request,
            target,
            body: Vec::new(),
            repairs: Vec::new(),
            told: Vec::new(),
            profiles: Vec::new(),
        };
        let sent = attempt.send(mapped)?;
        Ok((attempt, sent))
    }

    fn send(&mut self, mapped: Mapped) -> Result<Sent<'a, B::Call>, Error> {
        let operation = if mapped.unary { "converse" } else { "converse-stream" };
        let id = &self.target.route.id;
        let call = self.bridge.start(operation, id, &mapped.body).map_err(errors::of_failure)?;
        self.body = mapped.body;
        let rewrites = self.told.iter().cloned().chain(mapped.rewrites).collect();
        let meter = Meter::new(self.target.known.clone(), id.clone(), self.settings);
        Ok(Sent { call, rewrites, names: mapped.names, meter })
    }

    /// Sends the request again without what was refused.
    ///
    /// # Errors
    /// The refusal itself, where nothing can be done about it.
    pub(crate) fn repair(&mut self, error: Error) -> Result<Sent<'a, B::Call>, Error> {
        let refused = matches!(
            error.code,
            ErrorCode::InvalidRequest | ErrorCode::ModelNotFound | ErrorCode::PermissionDenied
        );
        if refused && self.repairs.len() < MOST {
            let said = errors::comparable(&error.message);
            for refusal in refusals::of(&said) {
                if self.repairs.contains(&refusal) {
                    continue;
                }
                let Some((route, learned)) = self.apply(refusal, &said) else { continue };
                let target = Target::again(&self.bridge, &self.request, self.settings, route, learned);
                // What changes nothing is no repair, nor what leaves nothing that can be sent.
                if let Ok(mapped) = request::converse(&self.request, &target, self.settings)
                    && self.differs(refusal, &mapped)
                {
                    let detail = [refusal.what, "; sent again ", refusal.how].concat();
                    let (rule, at) = (rewrites::REPAIRED.into(), refusal.at.into());
                    self.told.push(Rewrite { rule, at, detail });
                    self.repairs.push(refusal);
                    self.target = target;
                    return self.send(mapped);
                }
            }
        }
        Err(self.refused_again(error))
    }

    /// Whether a repair makes for another request.
    fn differs(&self, refusal: &Refusal, mapped: &Mapped) -> bool {
        match refusal.repair {
            Repair::Profile | Repair::NextProfile => true,
            Repair::Without(Lack::StreamedTools) => mapped.unary,
            _ => mapped.body != self.body,
        }
    }

    /// Makes a change to the request, or says which way and with what knowledge to send it; none where
    /// there is nothing to change.
    fn apply(&mut self, refusal: &Refusal, said: &str) -> Option<(Route, Learned)> {
        let (mut route, mut learned) = (self.target.route.clone(), self.target.learned.clone());
        let changed = match refusal.repair {
            Repair::Without(lack) => learned.add(lack),
            Repair::Reasoning(earlier) => core::mem::replace(&mut learned.reasoning, earlier) != earlier,
            Repair::Changed(change) => change.make(&mut self.request, said),
            Repair::Profile | Repair::NextProfile => {
                if refusal.repair == Repair::Profile {
                    self.profiles = route::after_refusal(&self.bridge, &route.id);
                    self.profiles.reverse();
                }
                let next = self.profiles.pop()?;
                learned.profile = ids::geography(&next.id).map(String::from);
                route = next;
                true
            }
        };
        changed.then_some((route, learned))
    }

    /// Writes down what the repairs taught, now that an answer has begun.
    pub(crate) fn remember(&self) {
        if !self.repairs.is_empty() {
            let conversation = self.request.conversation_id.as_deref();
            self.target.learned.remember(&self.bridge, &self.target.known, conversation);
        }
    }

    /// The error of a request that was refused in spite of its repairs, which it names.
    fn refused_again(&self, mut error: Error) -> Error {
        if !self.repairs.is_empty() {
            let tried: Vec<&str> = self.repairs.iter().map(|refusal| refusal.how).collect();
            error.remedy.get_or_insert_with(|| {
                ["Bedrock refused it again after it was sent ", &tried.join(", "), "; change the request"]
                    .concat()
            });
            let tried: Vec<String> = tried.into_iter().map(json::quoted).collect();
            let value = ["[", &tried.join(","), "]"].concat();
            error.extensions.push(Extension { key: "repairs".into(), value });
        }
        error
    }
}

#[cfg(test)]
mod tests;
