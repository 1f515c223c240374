//! What a plugin says is on offer, held against what can be believed.

use std::collections::HashSet;

use super::contract::guest::{LeftOut, Offer};
use super::weight;

/// Bytes of a model id; Bedrock's own limit.
const ID_BYTES: usize = 2048;

/// The offer without the models that nobody can call or that stand twice, which are told as left out; or what
/// is wrong with all of it.
pub(super) fn check(mut offer: Offer, limit: usize) -> Result<Offer, String> {
    let left_out = offer.left_out.iter().map(|model| {
        let words = [&model.id, &model.name, &model.vendor, &model.reason, &model.detail];
        words.map(String::len).iter().sum::<usize>()
    });
    let weight: usize = offer.models.iter().map(weight::of_model).chain(left_out).sum();
    if weight > limit {
        return Err(format!("gave a listing that takes up more than {limit} bytes (answerBytes)"));
    }
    // They will stand on a terminal.
    let models =
        offer.models.iter_mut().flat_map(|model| [&mut model.name, &mut model.vendor, &mut model.origin]);
    let others = offer.left_out.iter_mut().flat_map(|model| {
        [&mut model.id, &mut model.name, &mut model.vendor, &mut model.reason, &mut model.detail]
    });
    for text in models.chain(others).filter(|text| text.contains(char::is_control)) {
        *text = text.replace(char::is_control, " ");
    }
    let mut known = HashSet::new();
    let mut refused = Vec::new();
    offer.models.retain(|model| {
        let (reason, detail) = if !is_id(&model.id) {
            (
                "invalid-id",
                "the plugin gave an id that is empty, too long or holds blanks or control characters",
            )
        } else if !known.insert(model.id.clone()) {
            ("replaced", "the plugin gave this id more than once")
        } else {
            return true;
        };
        let end = model.id.floor_char_boundary(ID_BYTES);
        refused.push(LeftOut {
            id: model.id[..end].escape_debug().to_string(),
            name: model.name.clone(),
            vendor: model.vendor.clone(),
            reason: reason.to_owned(),
            detail: detail.to_owned(),
        });
        false
    });
    offer.left_out.append(&mut refused);
    Ok(offer)
}

/// Whether an id can be written on a line.
fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= ID_BYTES
        && !id.chars().any(|character| character.is_control() || character.is_whitespace())
}
