//! Calls and results in pairs. Bedrock wants every call answered in the turn behind it, once, before
//! anything else in that turn, and no answer to what was not called.

use super::super::Draft;
use super::super::rewrites;
use super::as_text;
use super::{Call, Outcome, Part, PartOf, Piece, Turn, What};
use crate::bindings::outcrop::provider::types::Role;
use crate::models::traits::CallIds;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What a call without a result is answered with.
const NO_RESULT: &str = "No result provided";

/// A call that waits for its result.
struct Waiting<'a> {
    /// As the caller wrote it.
    id: Cow<'a, str>,
    /// As it is sent.
    sent: Cow<'a, str>,
    tool: &'a str,
    piece: super::At,
}

/// Pairs them.
pub(super) fn pair<'a>(draft: &mut Draft<'a>, turns: &mut Vec<Turn<'a>>) {
    let mut ids = Ids { form: draft.target.traits().call_ids, used: BTreeSet::new() };
    let mut waiting: Vec<Waiting<'a>> = Vec::new();
    let mut number = 0;
    while number < turns.len() {
        let turn = &mut turns[number];
        match turn.role {
            Role::Assistant => waiting = name_calls(draft, turn, &mut ids),
            Role::User => answer(draft, turn, &mut waiting),
        }
        let answered = turns.get(number + 1).is_some_and(|next| next.role == Role::User);
        if !waiting.is_empty() && !answered {
            let at = turns[number].at;
            let mut turn = Turn { role: Role::User, at, pieces: Vec::new() };
            answer(draft, &mut turn, &mut waiting);
            turns.insert(number + 1, turn);
            number += 1;
        }
        number += 1;
    }
}

/// Gives each call of a turn an id that the model takes and that no other call has.
fn name_calls<'a>(draft: &mut Draft<'a>, turn: &mut Turn<'a>, ids: &mut Ids) -> Vec<Waiting<'a>> {
    let mut waiting = Vec::new();
    for piece in &mut turn.pieces {
        if let What::Call(Call { id, name, .. }) = &mut piece.what {
            let sent = ids.fit(id);
            let caller = core::mem::replace(id, sent.clone());
            if caller != sent {
                let detail = ["sent as `", &sent, "`, with its result"].concat();
                draft.rewrites.note(rewrites::CALL_ID, piece.at, detail);
            }
            waiting.push(Waiting { id: caller, sent, tool: name, piece: piece.at });
        }
    }
    waiting
}

/// Puts the results of a user's turn first, each with its call's id, and one for each call that has none.
fn answer<'a>(draft: &mut Draft<'a>, turn: &mut Turn<'a>, waiting: &mut Vec<Waiting<'a>>) {
    if waiting.is_empty() && !turn.pieces.iter().any(Piece::is_outcome) {
        return;
    }
    let mut results = Vec::with_capacity(turn.pieces.len());
    let mut others = Vec::new();
    for mut piece in core::mem::take(&mut turn.pieces) {
        match &mut piece.what {
            What::Outcome(outcome) => {
                let call = waiting.iter().position(|call| call.id == outcome.id);
                if let Some(call) = call {
                    let call = waiting.remove(call);
                    outcome.id = call.sent;
                    outcome.tool = Some(call.tool);
                    if others.iter().any(|piece: &Piece<'_>| !matches!(piece.what, What::CachePoint(_))) {
                        let detail = "Bedrock wants them before anything else in their turn";
                        draft.rewrites.note(rewrites::RESULTS_FIRST, piece.at, detail);
                    }
                    results.push(piece);
                } else {
                    let detail = "no call in the turn before has its id";
                    draft.rewrites.note(rewrites::ORPHAN_RESULT, piece.at, detail);
                    as_text::outcome(draft, piece, None, &mut others);
                }
            }
            What::CachePoint(_) if others.is_empty() && !results.is_empty() => results.push(piece),
            _ => others.push(piece),
        }
    }
    for call in waiting.drain(..) {
        let detail = ["sent as an error, `", NO_RESULT, "`"].concat();
        draft.rewrites.note(rewrites::MISSING_RESULT, call.piece, detail);
        let part = Part { at: call.piece, what: PartOf::Text(NO_RESULT.into()) };
        let outcome = Outcome { id: call.sent, tool: Some(call.tool), parts: vec![part], is_error: true };
        results.push(Piece { at: call.piece, what: What::Outcome(outcome) });
    }
    results.append(&mut others);
    turn.pieces = results;
}

/// The ids given out so far.
struct Ids {
    form: CallIds,
    used: BTreeSet<String>,
}

impl Ids {
    /// An id of the model's form, the same where it is one and is not taken.
    fn fit<'a>(&mut self, id: &Cow<'a, str>) -> Cow<'a, str> {
        let mut fitted = if is_form(self.form, id) { id.clone() } else { made(self.form, id, 0).into() };
        let mut seed = 1;
        while self.used.contains(&*fitted) {
            fitted = made(self.form, id, seed).into();
            seed += 1;
        }
        self.used.insert(fitted.to_string());
        fitted
    }
}

/// Characters of an id in the service's form.
const LONGEST: usize = 64;
/// Characters of an id of nine.
const NINE: usize = 9;

fn is_form(form: CallIds, id: &str) -> bool {
    let fits = |others: &str| id.chars().all(|sign| sign.is_ascii_alphanumeric() || others.contains(sign));
    match form {
        CallIds::Service => !id.is_empty() && id.len() <= LONGEST && fits("_-.:"),
        CallIds::Plain => !id.is_empty() && id.len() <= LONGEST && fits("_-"),
        CallIds::Nine => id.len() == NINE && fits(""),
    }
}

/// An id that is made of a hash of this one, the same in every build.
fn made(form: CallIds, id: &str, seed: u64) -> String {
    const SIGNS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";
    let length = if form == CallIds::Nine { NINE } else { 2 * NINE };
    let mut out = if form == CallIds::Nine { String::new() } else { String::from("call_") };
    let mut hash = super::super::names::hash(seed, id);
    let mut left = 12;
    for _ in 0..length {
        if left == 0 {
            hash = super::super::names::hash(hash, id);
            left = 12;
        }
        out.push(char::from(SIGNS[(hash & 31) as usize]));
        hash >>= 5;
        left -= 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_ids_get_the_models_form_and_no_two_the_same(
            ids in proptest::collection::vec(".{0,70}", 0..20),
            form in prop_oneof![Just(CallIds::Service), Just(CallIds::Plain), Just(CallIds::Nine)],
        ) {
            let mut given = Ids { form, used: BTreeSet::new() };
            for id in &ids {
                let sent = given.fit(&Cow::Borrowed(id));
                prop_assert!(is_form(form, &sent), "{}", sent);
            }
            prop_assert_eq!(given.used.len(), ids.len());
        }
    }

    #[test]
    fn an_id_that_fits_stays() {
        let mut ids = Ids { form: CallIds::Nine, used: BTreeSet::new() };
        assert_eq!(ids.fit(&Cow::Borrowed("getphoto1")), "getphoto1");
        let other = ids.fit(&Cow::Borrowed("tooluse_1")).into_owned();
        assert_eq!(other.len(), NINE);
        let again =
            Ids { form: CallIds::Nine, used: BTreeSet::new() }.fit(&Cow::Borrowed("tooluse_1")).into_owned();
        assert_eq!(other, again);
    }
}
