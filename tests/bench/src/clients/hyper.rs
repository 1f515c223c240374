//! (c) A bare hyper client: it neither signs nor reads what comes, it counts bytes.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::{Answer, Client, MODEL, PROMPT};

#[derive(Clone)]
pub(super) struct Hyper {
    client: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    uri: Uri,
    body: Bytes,
    known: Known,
}

/// What the server answers every time, learnt from its first answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known {
    /// Bytes of the body.
    length: usize,
    /// Bytes until the first text delta is whole.
    first_text_at: usize,
    /// Text deltas in it.
    deltas: usize,
    /// Bytes of text in it.
    text_bytes: usize,
}

impl Hyper {
    pub(super) async fn new(endpoint: &str) -> Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        // As the SDK writes it.
        let uri = format!("{endpoint}/model/{}/converse-stream", MODEL.replace(':', "%3A")).parse()?;
        let body = json!({ "messages": [{ "role": "user", "content": [{ "text": PROMPT }] }] });
        let mut hyper = Self { client, uri, body: body.to_string().into(), known: Known::default() };
        let answer = hyper.client.request(hyper.request()?).await?;
        hyper.known = Known::learn(&answer.into_body().collect().await?.to_bytes())?;
        Ok(hyper)
    }

    fn request(&self) -> Result<Request<Full<Bytes>>> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.uri.clone())
            .header(header::CONTENT_TYPE, "application/json");
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}

impl Client for Hyper {
    async fn stream(&self) -> Result<Answer> {
        let mut length = 0;
        let mut first_text = None;
        let asked = Instant::now();
        let mut body = self.client.request(self.request()?).await?.into_body();
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                length += data.len();
                if first_text.is_none() && length >= self.known.first_text_at {
                    first_text = Some(asked.elapsed());
                }
            }
        }
        ensure!(length == self.known.length, "{length} bytes, and not {}", self.known.length);
        Ok(Answer { deltas: self.known.deltas, bytes: self.known.text_bytes, first_text })
    }
}

impl Known {
    /// Walks the frames of an answer: total length, length of the headers, checksum, headers,
    /// payload, checksum.
    fn learn(body: &[u8]) -> Result<Self> {
        let mut known = Self { length: body.len(), ..Self::default() };
        let mut rest = body;
        while !rest.is_empty() {
            let (frame, payload) = first_frame(rest).context("a frame that is not whole")?;
            rest = &rest[frame..];
            let payload: Value = serde_json::from_slice(payload)?;
            if let Some(text) = payload["delta"]["text"].as_str() {
                known.deltas += 1;
                known.text_bytes += text.len();
                if known.deltas == 1 {
                    known.first_text_at = body.len() - rest.len();
                }
            }
        }
        Ok(known)
    }
}

/// The length of the first frame, and its payload.
fn first_frame(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(bytes)).ok()
    };
    let (total, headers) = (number(0)?, number(4)?);
    Some((total, bytes.get(..total)?.get(12 + headers..total.checked_sub(4)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_learnt() {
        let start = bedrock_sim::frame::event("messageStart", &json!({ "role": "assistant" }));
        let delta = bedrock_sim::frame::event("contentBlockDelta", &json!({ "delta": { "text": "four" } }));
        let body = [&start[..], &delta, &delta].concat();
        let known = Known::learn(&body).expect("an answer");
        let first_text_at = start.len() + delta.len();
        assert_eq!(known, Known { length: body.len(), first_text_at, deltas: 2, text_bytes: 8 });
        assert!(Known::learn(&body[..body.len() - 1]).is_err());
    }
}
