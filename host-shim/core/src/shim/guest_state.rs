//! What an instance of a plugin can reach: its calls to Bedrock, its memory of facts, the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime::{ResourceLimiter, Result, bail};

use super::contract::{self, bedrock_bridge, log, memory as facts, types};
use super::cpu_share::CpuShare;
use super::engine::TICK;
use super::memory::{Memory, Subject};
use super::work::Work;
use crate::bridge::call::{Arrival, Call};
use crate::bridge::failure::{Failure, Stage};
use crate::bridge::frames::{Frame, FrameKind};
use crate::bridge::{Bridge, body::Part};
use crate::limits::{BODIES_OF_A_STREAM, CALLS_OF_A_STREAM, CORE_INSTANCES, FACTS_OF_A_STREAM, Limits};
use crate::request::Timeouts;
use crate::{Isolation, Observer};

/// What all instances of a plugin share.
pub(crate) struct Surroundings {
    /// None where the plugin may not call Bedrock.
    pub(crate) bridge: Option<Arc<Bridge>>,
    pub(crate) memory: Memory,
    pub(crate) limits: Limits,
    pub(crate) isolation: Isolation,
    /// What holds where neither a request nor the host says otherwise.
    pub(crate) timeouts: Timeouts,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// The data of an instance's store.
pub(crate) struct GuestState {
    surroundings: Arc<Surroundings>,
    share: Arc<CpuShare>,
    /// Of the stream that the guest works for at present.
    pub(super) work: Work,
    /// What the guest is to know its next call by. No two calls of an instance have the same.
    next_call: u32,
    /// Bytes of its linear memory.
    pub(super) memory_bytes: usize,
    log_lines: u32,
    /// Ticks of the clock that the present call has used.
    pub(crate) ticks: u32,
    began: Instant,
    /// Time on the CPU when the present call was first looked at; see `call_time`.
    pub(crate) cpu_mark: Option<Duration>,
    /// Set where a limit of memory or tables was met, for the error to name it.
    pub(crate) exceeded: Option<&'static str>,
}

impl GuestState {
    pub(crate) fn new(surroundings: Arc<Surroundings>, share: Arc<CpuShare>) -> Self {
        Self {
            surroundings,
            share,
            work: Work::default(),
            next_call: 0,
            memory_bytes: 0,
            log_lines: 0,
            ticks: 0,
            began: Instant::now(),
            cpu_mark: None,
            exceeded: None,
        }
    }

    /// Before each call into the guest.
    pub(crate) fn begin_call(&mut self) {
        self.log_lines = 0;
        self.ticks = 0;
        self.cpu_mark = None;
        self.began = Instant::now();
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.surroundings.limits
    }

    pub(crate) fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.surroundings.observer.as_ref()
    }

    pub(crate) fn share(&self) -> &Arc<CpuShare> {
        &self.share
    }

    /// After each call into the guest. One that was under way when the clock ticked is put down with all the time
    /// that it kept its thread, but no less than a tick: so short calls, of which few are met, count as what
    /// they are.
    pub(crate) fn end_call(&mut self) {
        if self.ticks > 0 {
            self.share.charge(self.began.elapsed().max(TICK));
        }
    }

    /// Whether a fact is about what this stream asks for. What others do is none of its business.
    fn concerns(&self, scope: &facts::Scope) -> bool {
        match scope {
            facts::Scope::Model(model) => match &self.surroundings.bridge {
                Some(bridge) => bridge.concerns(&self.work.brought, model),
                None => self.work.brought.model_id == *model,
            },
            facts::Scope::Conversation(id) => self.work.brought.conversation_id.as_ref() == Some(id),
        }
    }
}

/// What a plugin is told that was not granted the bridge.
fn not_granted() -> Failure {
    Failure::new(
        Stage::Refused,
        "this plugin may not call Bedrock; its entry in the configuration grants it with `bedrock`",
    )
}

/// Links everything that a plugin may import. There is no WASI among it.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<()> {
    contract::FullBedrockPlugin::add_to_linker::<_, Reach>(linker, |state| state)
}

/// Names [`GuestState`] to the generated code.
struct Reach;

impl HasData for Reach {
    type Data<'a> = &'a mut GuestState;
}

impl types::Host for GuestState {}

impl log::Host for GuestState {
    fn write(&mut self, level: log::Level, message: String) -> Result<()> {
        self.log_lines = self.log_lines.saturating_add(1);
        let limits = &self.surroundings.limits;
        if self.log_lines > limits.log_lines {
            if self.log_lines == limits.log_lines + 1 {
                let most = limits.log_lines;
                tracing::warn!(target: "outcrop_plugin", "more lines in one call are left out (logLines: {most})");
            }
            return Ok(());
        }
        let message =
            message[..message.floor_char_boundary(limits.log_line_bytes)].replace(char::is_control, " ");
        // A target of its own: whoever wants a plugin's lines asks for them by name.
        match level {
            log::Level::Error => tracing::error!(target: "outcrop_plugin", "{message}"),
            log::Level::Warn => tracing::warn!(target: "outcrop_plugin", "{message}"),
            log::Level::Info => tracing::info!(target: "outcrop_plugin", "{message}"),
            log::Level::Debug => tracing::debug!(target: "outcrop_plugin", "{message}"),
        }
        Ok(())
    }
}

impl facts::Host for GuestState {
    fn recall(&mut self, scope: facts::Scope, key: String) -> Result<Option<String>> {
        Ok(if self.concerns(&scope) { self.surroundings.memory.recall(scope.into(), key) } else { None })
    }

    fn remember(&mut self, scope: facts::Scope, key: String, value: String, seconds: u32) -> Result<()> {
        if self.work.facts >= FACTS_OF_A_STREAM || !self.concerns(&scope) {
            return Ok(());
        }
        self.work.facts += 1;
        let life = Duration::from_secs(seconds.into());
        self.surroundings.memory.remember(scope.into(), key, value, life);
        Ok(())
    }
}

impl From<facts::Scope> for Subject {
    fn from(scope: facts::Scope) -> Self {
        match scope {
            facts::Scope::Model(model) => Self::Model(model),
            facts::Scope::Conversation(conversation) => Self::Conversation(conversation),
        }
    }
}

impl bedrock_bridge::Host for GuestState {
    fn list_models(&mut self) -> Result<Result<bedrock_bridge::Listing, bedrock_bridge::Failure>> {
        let Some(bridge) = &self.surroundings.bridge else { return Ok(Err(not_granted().into())) };
        let catalogue = bridge.catalogue();
        let Some(listing) = catalogue.cached() else {
            return Ok(Ok(bedrock_bridge::Listing {
                region: catalogue.region().unwrap_or_default().to_owned(),
                fetched_at: 0,
                foundation_models: b"[]".to_vec(),
                inference_profiles: b"[]".to_vec(),
                failures: Vec::new(),
            }));
        };
        let failures = listing.lists.missed.iter().map(|missed| missed.failure.clone().into());
        Ok(Ok(bedrock_bridge::Listing {
            region: listing.region.clone(),
            fetched_at: listing.lists.fetched_at(),
            foundation_models: listing.foundation_models.clone(),
            inference_profiles: listing.inference_profiles.clone(),
            failures: failures.collect(),
        }))
    }

    fn lookup(&mut self, id: String) -> Result<Option<Vec<u8>>> {
        let listing = self.surroundings.bridge.as_ref().and_then(|bridge| bridge.catalogue().cached());
        Ok(listing.and_then(|listing| listing.entry(&id).map(|entry| entry.as_bytes().to_vec())))
    }

    fn start_stream(
        &mut self,
        operation: String,
        model_id: String,
        body: Vec<bedrock_bridge::BodyPart>,
        delay_ms: u32,
    ) -> Result<Result<Resource<Call>, bedrock_bridge::Failure>> {
        let surroundings = self.surroundings.clone();
        let Some(bridge) = &surroundings.bridge else { return Ok(Err(not_granted().into())) };
        self.work.check_room(surroundings.limits.bridge_calls)?;
        if self.work.started >= CALLS_OF_A_STREAM {
            bail!("it started more than {CALLS_OF_A_STREAM} calls to Bedrock for one stream");
        }
        self.work.started += 1;
        let mut parts = Vec::with_capacity(body.len());
        for part in body {
            parts.push(match part {
                bedrock_bridge::BodyPart::Json(json) => {
                    self.work.body_bytes = self.work.body_bytes.saturating_add(json.len());
                    Part::Json(json)
                }
                bedrock_bridge::BodyPart::Media(id) => Part::Media(self.work.media(id)?),
            });
        }
        if self.work.body_bytes > BODIES_OF_A_STREAM {
            bail!("the bodies it built for one stream are larger than {BODIES_OF_A_STREAM} bytes");
        }
        let delay = Duration::from_millis(delay_ms.into());
        let call = bridge.start(&self.work.brought, &operation, &model_id, parts, delay);
        self.next_call += 1;
        Ok(Ok(self.work.hold(self.next_call, call)))
    }
}

impl bedrock_bridge::HostCall for GuestState {
    fn next_chunk(
        &mut self,
        call: Resource<Call>,
    ) -> Result<Result<bedrock_bridge::Arrival, bedrock_bridge::Failure>> {
        let call = self.work.call(&call)?;
        let is_live = call.is_live();
        let arrival = call.take();
        self.work.has_read |= is_live && !matches!(arrival, Ok(Arrival::Nothing));
        if let Err(failure) = &arrival {
            self.work.remedy.clone_from(&failure.remedy);
        }
        Ok(arrival.map(Into::into).map_err(Into::into))
    }

    fn request_id(&mut self, call: Resource<Call>) -> Result<Option<String>> {
        Ok(self.work.call(&call)?.request_id().map(str::to_owned))
    }

    fn drop(&mut self, call: Resource<Call>) -> Result<()> {
        self.work.let_go(&call);
        Ok(())
    }
}

impl From<Arrival> for bedrock_bridge::Arrival {
    fn from(arrival: Arrival) -> Self {
        match arrival {
            Arrival::Nothing => Self::Nothing,
            Arrival::Body(body) => Self::Body(body),
            Arrival::End => Self::End,
            Arrival::Frames(batch) => match batch.frames[..] {
                [frame] => Self::Frame(bedrock_bridge::SingleFrame { frame: frame.into(), data: batch.data }),
                _ => Self::Frames(bedrock_bridge::Frames {
                    frames: batch.frames.into_iter().map(Into::into).collect(),
                    data: batch.data,
                    // Everything that had arrived was taken along.
                    more: false,
                }),
            },
        }
    }
}

impl From<Frame> for bedrock_bridge::Frame {
    fn from(frame: Frame) -> Self {
        Self {
            kind: match frame.kind {
                FrameKind::MessageStart => bedrock_bridge::FrameKind::MessageStart,
                FrameKind::ContentBlockStart => bedrock_bridge::FrameKind::ContentBlockStart,
                FrameKind::ContentBlockDelta => bedrock_bridge::FrameKind::ContentBlockDelta,
                FrameKind::ContentBlockStop => bedrock_bridge::FrameKind::ContentBlockStop,
                FrameKind::MessageStop => bedrock_bridge::FrameKind::MessageStop,
                FrameKind::Metadata => bedrock_bridge::FrameKind::Metadata,
                FrameKind::Exception => bedrock_bridge::FrameKind::Exception,
                FrameKind::Other => bedrock_bridge::FrameKind::Other,
            },
            name_length: frame.name_length,
            payload_length: frame.payload_length,
        }
    }
}

impl From<Failure> for bedrock_bridge::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            stage: failure.stage.as_str().to_owned(),
            message: failure.message,
            http_status: failure.http_status,
            error_type: failure.error_type,
            request_id: failure.request_id,
            retry_after_ms: failure
                .retry_after
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            body: failure.body,
        }
    }
}

impl ResourceLimiter for GuestState {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        if desired > self.surroundings.limits.memory_bytes {
            self.exceeded = Some("memory");
            bail!("its memory would grow past {} bytes", self.surroundings.limits.memory_bytes);
        }
        self.memory_bytes = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        if desired > self.surroundings.limits.table_elements {
            self.exceeded = Some("table");
            bail!("its tables would grow past {} elements", self.surroundings.limits.table_elements);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES
    }

    fn tables(&self) -> usize {
        CORE_INSTANCES
    }

    fn memories(&self) -> usize {
        1
    }
}
