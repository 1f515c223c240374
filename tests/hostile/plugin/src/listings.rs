//! Listings that nobody should believe.

use crate::anywhere::json_bomb;
use crate::guest::error;
use crate::guest::exports::outcrop::provider::provider::Offer;
use crate::guest::outcrop::provider::bedrock_bridge as bridge;
use crate::guest::outcrop::provider::types::{Abilities, Error, ErrorCode, Extension, Modalities, Model};

pub(crate) fn offer(what: &str) -> Result<Offer, Error> {
    let models = match what {
        "invalid-ids" => {
            let giant = "x".repeat(100_000);
            let ids = [
                "",
                "two words",
                "line\nbreak",
                "\u{1b}[2Jwiped",
                &giant,
                "good.model-v1:0",
                "good.model-v1:0",
            ];
            ids.map(model).into()
        }
        "giant" => vec![model("a.b"); 180_000],
        "json-bomb" => {
            let mut bomb = model("a.b");
            bomb.extensions = vec![Extension { key: "k".to_owned(), value: json_bomb() }];
            vec![bomb]
        }
        // Nothing was asked for yet, so there is nothing to call.
        "call" => {
            let body = [bridge::BodyPart::Json(b"{}".to_vec())];
            let call = bridge::start_stream("converse", "sim.text-v1:0", &body, 0);
            let said = call.and_then(|call| call.next_chunk()).err().map(|failure| failure.message);
            return Err(error(ErrorCode::Other, said.unwrap_or_else(|| "it was sent".to_owned())));
        }
        other => panic!("no such attack: {other}"),
    };
    Ok(Offer { models, left_out: Vec::new() })
}

fn model(id: &str) -> Model {
    Model {
        id: id.to_owned(),
        name: "Model\u{1b}]0;owned\u{7}".to_owned(),
        vendor: "Nobody".to_owned(),
        input: Modalities::TEXT,
        output: Modalities::TEXT,
        abilities: Abilities::empty(),
        context_window: 1,
        max_output_tokens: 1,
        limits_known: false,
        pricing: None,
        origin: "configured".to_owned(),
        extensions: Vec::new(),
    }
}
