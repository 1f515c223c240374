//! (a) Outcrop, with the sandbox at its defaults: an instance for each stream; and with one instance for all.

use std::time::Instant;

use anyhow::{Result, bail, ensure};
use outcrop::{Event, Host, HostBuilder, Isolation, Limits, Request};

use super::{Answer, Client, Kind, MODEL, PROMPT, REGION};
use crate::rows::Shape;

#[derive(Clone)]
pub(super) struct Outcrop {
    host: Host,
    model: String,
}

/// Handles of the plugin that a stream may need, when all are in one instance.
const HANDLES_A_STREAM: usize = 4;

/// The host of a row. Only the limits of streams are raised, and only where the row has more.
pub(super) fn host(kind: Kind, shape: &Shape) -> HostBuilder {
    let mut limits = Limits::default();
    let isolation = match kind {
        Kind::Shared => {
            limits.handles = limits.handles.max(HANDLES_A_STREAM * shape.at_once);
            Isolation::Plugin
        }
        _ => Isolation::Stream,
    };
    limits.streams = limits.streams.max(shape.at_once);
    limits.process_streams = limits.process_streams.max(shape.at_once);
    Host::builder().region(REGION).limits(limits).isolation(isolation)
}

impl Outcrop {
    /// A host with a full listing in its cache.
    pub(super) async fn new(kind: Kind, shape: &Shape, endpoint: &str) -> Result<Self> {
        let host = host(kind, shape).endpoint(endpoint).build()?;
        let model = format!("amazon-bedrock/{MODEL}");
        let listed = host.models().await?;
        ensure!(listed.problems.is_empty(), "the listing is not full: {:?}", listed.problems);
        ensure!(listed.models.iter().any(|listed| listed.id == model), "{model} is not listed");
        Ok(Self { host, model })
    }
}

impl Client for Outcrop {
    async fn stream(&self) -> Result<Answer> {
        let request = Request::new(&self.model).user(PROMPT);
        let mut answer = Answer::default();
        let asked = Instant::now();
        let mut stream = self.host.stream(request);
        let mut done = false;
        // To the end, as the SDK's client reads to the end of its answer: the connection is free then.
        while let Some(event) = stream.next().await {
            match event {
                Event::TextDelta { delta, .. } => answer.text(delta.len(), || asked.elapsed()),
                Event::Done { .. } => done = true,
                Event::Error { error } => bail!(error),
                _ => {}
            }
        }
        if !done {
            bail!("the stream had no end: {answer:?}");
        }
        Ok(answer)
    }
}
