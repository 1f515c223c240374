//! What happens to streams, told to whoever observes: an [`Observer`], and a `tracing` span for each.
//!
//! Nothing of it holds a prompt, an answer or a key, unless [`HostBuilder::record_content`] asks for content in the
//! spans. Where nobody observes and no subscriber wants the span, a stream carries nothing of all this.
//!
//! [`HostBuilder::record_content`]: crate::HostBuilder::record_content

mod content;
mod metrics;
mod span;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::Span;

pub use metrics::{Histogram, Metrics, ModelMetrics, Snapshot};

use crate::bridge::failure::Failure;
use crate::{Error, Event, Request, StopReason, Usage};

/// Is told what happens to the streams of a [`Host`](crate::Host), as it happens.
///
/// Called on the thread that polls the stream, so it must return at once; some microseconds a stream are fine.
/// [`Metrics`] is one.
pub trait Observer: Send + Sync {
    /// Something has happened.
    fn observe(&self, occurrence: &Occurrence<'_>);
}

/// What can happen. Models are named with their routing prefix, as they were asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Occurrence<'a> {
    /// A stream was asked for. Its [`Ended`](Occurrence::Ended) will follow.
    Started {
        /// The model.
        model: &'a str,
    },
    /// A request failed before any content, and will be sent again.
    Retried {
        /// The model.
        model: &'a str,
        /// Where it failed: `connect`, `status`, `stream`, ...
        stage: &'a str,
        /// The service's own code, such as `ThrottlingException`.
        code: Option<&'a str>,
        /// How long it waits before.
        pause: Duration,
    },
    /// The first content has come.
    FirstContent {
        /// The model.
        model: &'a str,
        /// Since the stream was asked for.
        after: Duration,
    },
    /// A stream has ended.
    Ended {
        /// The model.
        model: &'a str,
        /// How.
        outcome: Outcome<'a>,
        /// What is known of its cost.
        usage: &'a Usage,
        /// Since it was asked for.
        after: Duration,
    },
    /// An instance of a plugin broke a limit or trapped, and is gone.
    PluginFailed {
        /// The plugin.
        plugin: &'a str,
        /// What it did.
        error: &'a Error,
        /// How long the plugin is left alone, where it has failed too often.
        pause: Option<Duration>,
    },
}

/// How a stream ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// With a whole answer.
    Done(&'a StopReason),
    /// With an error.
    Failed(&'a Error),
    /// It was dropped before its end.
    Cancelled,
}

/// Who observes a host.
#[derive(Clone, Default)]
pub(crate) struct Observers {
    pub(crate) observer: Option<Arc<dyn Observer>>,
    /// Whether spans hold what was asked and answered.
    pub(crate) content: bool,
}

impl Observers {
    /// Begins to watch a stream, if anybody wants to.
    pub(crate) fn watch(&self, model: &str, request: &Request) -> Option<Watch> {
        let span = span::of(model, request);
        if span.is_disabled() && self.observer.is_none() {
            return None;
        }
        let content = self.content && !span.is_disabled();
        if content {
            content::record_input(&span, request);
        }
        let watched = Watched {
            span,
            observer: self.observer.clone(),
            model: model.to_owned(),
            content,
            started: Instant::now(),
        };
        let watch = Watch(Arc::new(watched));
        watch.tell(&Occurrence::Started { model });
        Some(watch)
    }
}

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { observer, content } = self;
        f.debug_struct("Observers").field("observer", &observer.is_some()).field("content", content).finish()
    }
}

/// A stream that is watched, for all who have something to tell of it.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Watched>);

struct Watched {
    span: Span,
    observer: Option<Arc<dyn Observer>>,
    model: String,
    content: bool,
    started: Instant,
}

impl Watch {
    fn tell(&self, occurrence: &Occurrence<'_>) {
        if let Some(observer) = &self.0.observer {
            observer.observe(occurrence);
        }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.0.span
    }

    /// A request will be sent again.
    pub(crate) fn retried(&self, failure: &Failure, pause: Duration) {
        let (stage, code) = (failure.stage.as_str(), failure.error_type.as_deref());
        self.tell(&Occurrence::Retried { model: &self.0.model, stage, code, pause });
    }

    /// A request goes to this server.
    pub(crate) fn sent_to(&self, uri: &str) {
        span::record_server(&self.0.span, uri);
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

/// What has been seen of a stream by its consumer's side. Dropped before the end, the stream was cancelled.
pub(crate) struct Story {
    watch: Watch,
    has_content: bool,
    usage: Usage,
    ended: bool,
}

impl Story {
    pub(crate) fn new(watch: Watch) -> Self {
        Self { watch, has_content: false, usage: Usage::default(), ended: false }
    }

    pub(crate) fn span(&self) -> &Span {
        self.watch.span()
    }

    /// An event on its way to the consumer.
    pub(crate) fn goes_on(&mut self, event: &Event) {
        match event {
            Event::Usage { usage } => self.usage.clone_from(usage),
            Event::Done { reason, message, usage } => {
                self.usage.clone_from(usage);
                span::record_answer(self.span(), message);
                if self.watch.0.content {
                    content::record_output(self.span(), message);
                }
                self.end(Outcome::Done(reason));
            }
            Event::Error { error } => {
                self.end(Outcome::Failed(error));
            }
            // The service took it: no content yet.
            Event::Start { .. } | Event::Rewritten { .. } | Event::Extension { .. } => {}
            _ if self.has_content => {}
            _ => {
                self.has_content = true;
                let Watched { span, model, started, .. } = &*self.watch.0;
                let after = started.elapsed();
                span::record_first_content(span, after);
                self.watch.tell(&Occurrence::FirstContent { model, after });
            }
        }
    }

    fn end(&mut self, outcome: Outcome<'_>) {
        self.ended = true;
        let Watched { span, model, started, .. } = &*self.watch.0;
        span::record_end(span, &outcome, &self.usage);
        let (usage, after) = (&self.usage, started.elapsed());
        self.watch.tell(&Occurrence::Ended { model, outcome, usage, after });
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Outcome::Cancelled);
        }
    }
}
