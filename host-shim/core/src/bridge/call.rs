//! An operation under way: sent, retried before its first content, and read as it arrives.
//!
//! A call is polled by the stream that owns it and by nothing else: it has no task of its own, so
//! dropping it is all it takes to cancel it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use aws_sdk_bedrockruntime::error::SdkError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
    BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use bytes::Bytes;
use http_body::Body as _;

use super::body::Draft;
use super::bounded;
use super::clients::Clients;
use super::failure::{Failure, MAX_BODY_BYTES, Refusal, Stage, request_id};
use super::frames::{Batch, FrameKind, FrameSplitter};
use super::retry::{Retries, is_retryable_exception};
use super::template::{Likeness, Template};
use crate::observe::Watch;

/// The content type of a streamed answer.
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// How much is read ahead of the plugin before it is called. Bounds what one call hands over.
const READ_AHEAD_BYTES: usize = 64 * 1024;

/// The same for frames, which may be empty. Of ordinary ones some hundreds are as many bytes.
const READ_AHEAD_FRAMES: usize = 4096;

/// The first frames of an answer are handed on as they come: somebody waits for them.
const FRAMES_AT_ONCE: u32 = 8;

/// The most arrivals between two tries at gathering more.
const MOST_RELUCTANCE: u32 = 63;

/// How long the rest of a finished answer may take, so that its connection can be used again.
const REST_TIME: Duration = Duration::from_millis(500);

/// What the plugin may ask Bedrock for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ConverseStream,
    Converse,
    CountTokens,
    GetInferenceProfile,
}

impl Operation {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "converse-stream" => Some(Self::ConverseStream),
            "converse" => Some(Self::Converse),
            "count-tokens" => Some(Self::CountTokens),
            "get-inference-profile" => Some(Self::GetInferenceProfile),
            _ => None,
        }
    }
}

/// A request as it will be sent.
pub(crate) struct Order {
    pub(crate) operation: Operation,
    pub(crate) model_id: String,
    /// The region the model id names.
    pub(crate) region: Option<String>,
    /// None where the operation has no body of its own.
    pub(crate) body: Option<Draft>,
    /// To wait before the first attempt.
    pub(crate) delay: Duration,
    /// To be told what becomes of it.
    pub(crate) watch: Option<Watch>,
    /// How long the caller waits for the first content, where that is known.
    pub(crate) patience: Option<Duration>,
}

/// What has arrived on a call.
#[derive(Debug)]
pub(crate) enum Arrival {
    Nothing,
    Frames(Batch),
    Body(Vec<u8>),
    End,
}

/// An operation under way. Dropping it cancels it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it, within this crate")]
pub struct Call {
    state: State,
    request_id: Option<String>,
}

enum State {
    /// Sent, and not answered yet.
    Opening(Pin<Box<dyn Future<Output = Result<Opened, Failure>> + Send>>),
    /// Answered with a stream.
    Streaming(Box<Answer>),
    /// Answered as a whole. The body is handed over once.
    Whole(Vec<u8>),
    /// Read to the end.
    Ended,
    Failed {
        failure: Failure,
        /// Whether the guest has been told. It is told the same again, but has nothing more to wait for.
        told: bool,
    },
}

/// An answer that has begun.
struct Opened {
    request_id: Option<String>,
    content: OpenedContent,
}

enum OpenedContent {
    Stream(Box<Answer>),
    Whole(Vec<u8>),
}

impl Call {
    /// Sends the order, as soon as the call is polled.
    pub(crate) fn new(clients: Arc<Clients>, order: Order, retries: Retries) -> Self {
        Self { state: State::Opening(Box::pin(open(clients, order, retries))), request_id: None }
    }

    /// A call that never came to be.
    pub(crate) fn failed(failure: Failure) -> Self {
        Self { state: State::Failed { failure, told: false }, request_id: None }
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Whether it can still give anything: it is under way, or something has arrived.
    pub(crate) fn is_live(&self) -> bool {
        !matches!(self.state, State::Ended | State::Failed { told: true, .. })
    }

    /// Ready once there is something to [take](Self::take).
    pub(crate) fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.state {
                State::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                    Ok(Opened { request_id, content }) => {
                        self.request_id = request_id;
                        self.state = match content {
                            OpenedContent::Stream(answer) => State::Streaming(answer),
                            OpenedContent::Whole(body) => State::Whole(body),
                        };
                    }
                    Err(failure) => {
                        self.request_id.clone_from(&failure.request_id);
                        self.state = State::Failed { failure, told: false };
                    }
                },
                State::Streaming(answer) => return answer.poll_arrival(cx),
                State::Whole(_) | State::Ended | State::Failed { .. } => return Poll::Ready(()),
            }
        }
    }

    /// What has arrived since the last time.
    pub(crate) fn take(&mut self) -> Result<Arrival, Failure> {
        match &mut self.state {
            State::Opening(_) => Ok(Arrival::Nothing),
            State::Streaming(answer) => {
                if !answer.batch.frames.is_empty() {
                    return Ok(Arrival::Frames(std::mem::take(&mut answer.batch)));
                }
                match answer.outcome.take() {
                    None => Ok(Arrival::Nothing),
                    Some(Ok(())) => {
                        self.state = State::Ended;
                        Ok(Arrival::End)
                    }
                    Some(Err(mut failure)) => {
                        failure.request_id.clone_from(&self.request_id);
                        self.state = State::Failed { failure: failure.clone(), told: true };
                        Err(failure)
                    }
                }
            }
            State::Whole(body) => {
                let body = std::mem::take(body);
                self.state = State::Ended;
                Ok(Arrival::Body(body))
            }
            State::Ended => Ok(Arrival::End),
            State::Failed { failure, told } => {
                *told = true;
                Err(failure.clone())
            }
        }
    }

    /// What is left to be read of an answer that has said all: an HTTP/1 connection is used again only when
    /// its answer has been read to the end. None where there is nothing left; any other call is cancelled.
    pub(crate) fn rest(self) -> Option<Rest> {
        let State::Streaming(mut answer) = self.state else { return None };
        if !answer.said_all || answer.outcome.is_some() {
            return None;
        }
        let reading = async move {
            let read = std::future::poll_fn(|cx| {
                while answer.outcome.is_none() {
                    answer.batch = Batch::default();
                    ready!(answer.poll_read(cx));
                }
                Poll::Ready(())
            });
            // Past the time the connection is closed, which is all that is lost.
            let _ = tokio::time::timeout(REST_TIME, read).await;
        };
        Some(Rest(Some(Box::pin(reading))))
    }
}

/// The end of a finished answer, to be read. Dropped before it is done, it goes on by itself.
pub(crate) struct Rest(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for Rest {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(reading) = &mut self.0 {
            ready!(reading.as_mut().poll(cx));
            self.0 = None;
        }
        Poll::Ready(())
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if let (Some(reading), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(reading);
        }
    }
}

/// A streamed answer, as far as it has come.
struct Answer {
    body: SdkBody,
    splitter: FrameSplitter,
    batch: Batch,
    /// Whether giving way has last brought more frames.
    bursting: bool,
    /// How many arrivals pass before giving way is tried again, and how many will after the next vain try.
    until_try: u32,
    reluctance: u32,
    /// Whether the last frame of a whole answer has come.
    said_all: bool,
    /// How the bytes ended; to be told after the batch.
    outcome: Option<Result<(), Failure>>,
}

impl Answer {
    fn new(body: SdkBody) -> Self {
        Self {
            body,
            splitter: FrameSplitter::default(),
            batch: Batch::default(),
            bursting: false,
            until_try: FRAMES_AT_ONCE,
            reluctance: 0,
            said_all: false,
            outcome: None,
        }
    }

    /// Ready once there are frames, or no more of them.
    ///
    /// HTTP hands over one chunk at a time, and has the next one ready only after its own task has run. While
    /// that pays, this gives way to it once more before the frames are handed on, so that a burst crosses
    /// into the plugin in one go. Where nothing comes of it, it is tried ever more seldom.
    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let before = self.batch.frames.len();
        while self.outcome.is_none() && !self.is_full() {
            let known = self.batch.frames.len();
            if self.poll_read(cx).is_pending() || (self.batch.frames.len() > known && !self.bursting) {
                break;
            }
        }
        let gained = self.batch.frames.len() > before;
        if self.outcome.is_some() || self.is_full() {
            return Poll::Ready(());
        }
        if self.batch.frames.is_empty() {
            return Poll::Pending;
        }
        if before > 0 && !gained {
            // It gave way for nothing.
            self.reluctance = (self.reluctance * 2 + 1).min(MOST_RELUCTANCE);
            self.bursting = false;
            self.until_try = self.reluctance;
            return Poll::Ready(());
        }
        if before > 0 {
            self.reluctance = 0;
            self.bursting = true;
        } else if self.until_try > 0 {
            self.until_try -= 1;
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the plugin is to be called before more is read.
    fn is_full(&self) -> bool {
        self.batch.data.len() >= READ_AHEAD_BYTES || self.batch.frames.len() >= READ_AHEAD_FRAMES
    }

    /// Reads the next bytes, if any are here.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data()
                    && let Err(error) = self.splitter.split(&bytes, &mut self.batch)
                {
                    self.end(Err(Failure::new(Stage::Stream, format!("the answer is corrupted: {error}"))));
                }
                self.said_all |=
                    self.batch.frames.last().is_some_and(|frame| frame.kind == FrameKind::Metadata);
            }
            Some(Err(error)) => {
                let said = super::failure::chain(&*error);
                self.end(Err(Failure::new(Stage::Stream, format!("the connection broke: {said}"))));
            }
            None if self.splitter.is_at_boundary() => self.end(Ok(())),
            None => {
                self.end(Err(Failure::new(Stage::Stream, "the answer ended in the middle of a frame")));
            }
        }
        Poll::Ready(())
    }

    fn end(&mut self, outcome: Result<(), Failure>) {
        self.outcome = Some(outcome);
        // Closes the connection now, and not when the plugin has got round to it.
        if matches!(self.outcome, Some(Err(_))) {
            self.body = SdkBody::taken();
        }
    }

    /// Waits until it is known whether the answer has content, and what went wrong before it if it has none. Not
    /// longer than until as much was read as is read ahead: nothing comes before content but its beginning.
    async fn until_content(&mut self) {
        std::future::poll_fn(|cx| {
            while self.outcome.is_none()
                && !self.is_full()
                && !self.batch.frames.iter().any(|frame| frame.kind.is_content())
                && self.batch.first_exception().is_none()
            {
                ready!(self.poll_read(cx));
            }
            Poll::Ready(())
        })
        .await;
    }
}

/// Sends an order until it is answered with content, the failure is final, or the attempts are used up.
async fn open(clients: Arc<Clients>, mut order: Order, mut retries: Retries) -> Result<Opened, Failure> {
    let body: Option<Bytes> = match order.body.take() {
        Some(draft) => {
            let joined = draft.join().await;
            Some(joined.map_err(|message| Failure::new(Stage::Refused, message))?.into())
        }
        None => None,
    };
    if !order.delay.is_zero() {
        tokio::time::sleep(order.delay).await;
    }
    let model = order.model_id.as_str();
    let mut renewed = false;
    let template = match order.operation {
        Operation::ConverseStream => Some(clients.runtime(order.region.as_deref()).await.template),
        _ => None,
    };
    // What goes wrong with a copy is tried again by the SDK.
    let mut likeness = template.as_ref().and_then(Template::likeness);
    // The SDK's own idea of the service's clock may be old by then.
    let mut clock_tries = if likeness.is_some() { 2 } else { 0 };
    retries.within(order.patience);
    loop {
        let mark = clients.mark().await;
        let sent = match likeness.take().zip(body.clone()) {
            Some((likeness, body)) => copy(&clients, likeness, &order, body).await,
            None => attempt(&clients, &order, body.clone()).await,
        };
        let (failure, opened) = match sent {
            Ok(Opened { request_id, content: OpenedContent::Stream(mut answer) }) => {
                answer.until_content().await;
                let failure = failed_before_content(&answer, request_id.as_ref());
                let opened = Opened { request_id, content: OpenedContent::Stream(answer) };
                match failure {
                    Some(failure) => (failure, Some(opened)),
                    None => {
                        tracing::debug!(model, opened.request_id, "answered");
                        retries.succeeded();
                        return Ok(opened);
                    }
                }
            }
            Ok(opened) => {
                retries.succeeded();
                return Ok(opened);
            }
            Err(failure) => (failure, None),
        };
        if let Some(template) = template.as_ref().filter(|_| failure.tells_of_clock()) {
            // The SDK learns the service's clock by its own failure alone.
            template.give_up();
            if clock_tries > 0 {
                tracing::info!(model, code = failure.error_type, "signed anew by the service's clock");
                clock_tries -= 1;
                continue;
            }
        }
        if !renewed && clients.renew(mark, &failure).await {
            tracing::info!(model, code = failure.error_type, "trying again with other credentials");
            renewed = true;
            continue;
        }
        if let Some(pause) = retries.after(&failure) {
            if let Some(watch) = &order.watch {
                watch.retried(&failure, pause);
            }
            tracing::info!(
                model,
                stage = failure.stage.as_str(),
                status = failure.http_status,
                code = failure.error_type,
                pause_ms = pause.as_millis() as u64,
                "trying again"
            );
            tokio::time::sleep(pause).await;
            continue;
        }
        tracing::debug!(
            model,
            stage = failure.stage.as_str(),
            status = failure.http_status,
            code = failure.error_type,
            request_id = failure.request_id,
            "failed"
        );
        return match opened {
            // The frames speak for themselves.
            Some(opened) => Ok(opened),
            None => Err(clients.explained(failure).await),
        };
    }
}

/// The failure of an answer that broke off before its first content and may be asked for again.
fn failed_before_content(answer: &Answer, request_id: Option<&String>) -> Option<Failure> {
    if answer.batch.frames.iter().any(|frame| frame.kind.is_content()) {
        return None;
    }
    let mut failure = match (answer.batch.first_exception(), &answer.outcome) {
        (Some((name, _)), _) if is_retryable_exception(name) => {
            let mut failure = Failure::new(Stage::Status, format!("Bedrock answered with {name}"));
            failure.error_type = Some(name.to_owned());
            failure
        }
        (None, Some(Err(failure))) => failure.clone(),
        _ => return None,
    };
    failure.request_id = request_id.cloned();
    Some(failure)
}

/// A success, and nothing in it.
fn no_body() -> Failure {
    Failure::new(Stage::Stream, "the answer had no body")
}

/// Asks for a streamed answer without the SDK, by a copy of what it has sent before.
async fn copy(clients: &Clients, likeness: &Likeness, order: &Order, body: Bytes) -> Result<Opened, Failure> {
    let key = clients.key().await?;
    let (mut response, connection) = likeness
        .send(key, &order.model_id, body, |uri| {
            if let Some(watch) = &order.watch {
                watch.sent_to(uri);
            }
        })
        .await?;
    if response.status().as_u16() == 200 {
        let answer = begun(&mut response).map_err(|refusal| refusal.failure())?;
        return Ok(Opened {
            request_id: request_id(response.headers()),
            content: OpenedContent::Stream(answer),
        });
    }
    if response.status().is_success() {
        return Err(no_body());
    }
    let body = bounded::beginning(response.take_body(), MAX_BODY_BYTES);
    let (failure, is_transient) = match ByteStream::new(body).collect().await {
        Ok(body) => {
            *response.body_mut() = SdkBody::from(body.into_bytes());
            (Failure::from_response(&response), matches!(response.status().as_u16(), 500 | 502 | 503 | 504))
        }
        // What its headers said is known all the same.
        Err(error) => {
            let mut failure = Failure::from_response(&response);
            failure.stage = Stage::Stream;
            failure.message = super::failure::chain(&error);
            (failure, true)
        }
    };
    if is_transient && let Some(connection) = connection.get() {
        // Another server may be well.
        connection.poison();
    }
    Err(failure)
}

/// The answer of a successful response, if it is a stream of events.
fn begun(response: &mut HttpResponse) -> Result<Box<Answer>, Refusal> {
    let content_type = response.headers().get("content-type").unwrap_or_default();
    if !content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(EVENT_STREAM)) {
        return Err(Refusal::NoEventStream { content_type: content_type.to_owned() });
    }
    let encoding = response.headers().get("content-encoding").unwrap_or_default();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Refusal::Encoded { encoding: encoding.to_owned() });
    }
    Ok(Box::new(Answer::new(response.take_body())))
}

async fn attempt(clients: &Clients, order: &Order, body: Option<Bytes>) -> Result<Opened, Failure> {
    let exchange = Exchange::new(order, body);
    let (region, model) = (order.region.as_deref(), &order.model_id);
    match order.operation {
        Operation::ConverseStream => {
            let call = clients.runtime(region).await.client.converse_stream().model_id(model);
            exchange.finish(exchange.clone().during(call.send()).await)
        }
        Operation::Converse => {
            let call = clients.runtime(region).await.client.converse().model_id(model);
            exchange.finish(exchange.clone().during(call.send()).await)
        }
        Operation::CountTokens => {
            let call = clients.runtime(region).await.client.count_tokens().model_id(model);
            exchange.finish(exchange.clone().during(call.send()).await)
        }
        Operation::GetInferenceProfile => {
            let call = clients.control(region).await.get_inference_profile();
            let call = call.inference_profile_identifier(model);
            exchange.finish(exchange.clone().during(call.send()).await)
        }
    }
}

tokio::task_local! {
    /// The exchange that the SDK is polled for.
    static EXCHANGE: Exchange;
}

/// The bytes that go into one request, and those of its answer.
#[derive(Clone)]
pub(super) struct Exchange {
    /// None where the operation has no body of its own.
    body: Option<Bytes>,
    streamed: bool,
    answered: Arc<Mutex<Option<Opened>>>,
    /// The time of the first answer by the other side's clock, where that is wanted.
    date: Option<Arc<OnceLock<SystemTime>>>,
    watch: Option<Watch>,
}

impl Exchange {
    fn new(order: &Order, body: Option<Bytes>) -> Self {
        let streamed = order.operation == Operation::ConverseStream;
        Self { body, streamed, watch: order.watch.clone(), ..Self::listening() }
    }

    /// For a listing: nothing is put in, the answer's bytes are kept.
    pub(super) fn listening() -> Self {
        Self { body: None, streamed: false, answered: Arc::default(), date: None, watch: None }
    }

    /// For a question about the other side: nothing is put in, the time of the answer is kept.
    pub(super) fn dated() -> Self {
        Self { date: Some(Arc::default()), ..Self::listening() }
    }

    /// What time it was for the other side when it first answered.
    pub(super) fn date(&self) -> Option<SystemTime> {
        self.date.as_ref()?.get().copied()
    }

    fn keep_date(&self, response: &HttpResponse) {
        let date = response.headers().get("date");
        if let (Some(kept), Some(date)) = (&self.date, date)
            && let Ok(date) = DateTime::from_str(date, Format::HttpDate)
            && let Ok(date) = SystemTime::try_from(date)
        {
            // The first answer is the one to a request that was signed by this machine's clock.
            let _ = kept.set(date);
        }
    }

    /// Polls the SDK's operation on behalf of this exchange.
    pub(super) fn during<F: Future>(self, operation: F) -> impl Future<Output = F::Output> {
        EXCHANGE.scope(self, operation)
    }

    /// What was answered: the bytes that were kept, or why there are none.
    fn finish<T, E>(&self, sent: Result<T, SdkError<E, HttpResponse>>) -> Result<Opened, Failure>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (answered, sent) {
            // Whatever the SDK made of a success's body: its bytes are what counts.
            (Some(opened), _) => Ok(opened),
            (None, Err(error)) => Err(Failure::from_sdk(&error)),
            (None, Ok(_)) => Err(no_body()),
        }
    }

    /// The bytes of the answer, if it was a success.
    pub(super) fn into_body(self) -> Option<Vec<u8>> {
        let opened = self.answered.lock().unwrap_or_else(PoisonError::into_inner).take();
        match opened?.content {
            OpenedContent::Whole(body) => Some(body),
            OpenedContent::Stream(_) => None,
        }
    }

    fn keep(&self, response: &HttpResponse, content: OpenedContent) {
        let opened = Opened { request_id: request_id(response.headers()), content };
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
    }
}

/// Puts our bytes into each request before it is signed, and keeps those of its answer.
///
/// One for all calls of a client. An interceptor for each call would be handed over as a change of the
/// client's configuration, which the SDK then puts together anew for that call.
#[derive(Debug)]
pub(super) struct Exchanges {
    /// To be told what a request for a streamed answer looks like.
    template: Option<Template>,
}

impl Exchanges {
    pub(super) fn new(template: Option<Template>) -> Self {
        Self { template }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Exchanges {
    fn name(&self) -> &'static str {
        "OutcropExchanges"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(Some(body)) = EXCHANGE.try_with(|exchange| exchange.body.clone()) {
            let request = context.request_mut();
            request.headers_mut().insert("content-length", body.len().to_string());
            // Bytes in memory are signed; a stream would not be.
            *request.body_mut() = SdkBody::from(body);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        if let Some(template) = &self.template {
            template.learn(request, components, settings);
        }
        let _ = EXCHANGE.try_with(|exchange| {
            if let Some(watch) = &exchange.watch {
                watch.sent_to(request.uri());
            }
        });
        let bearer = request
            .headers()
            .get("authorization")
            .is_some_and(|value| value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer ")));
        if bearer
            && let Some(host) = plain_http_host(request.uri())
            && !is_loopback(host)
        {
            return Err(Refusal::BearerOverPlainHttp { host: host.to_owned() }.into());
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let _ = EXCHANGE.try_with(|exchange| exchange.keep_date(response));
        let streamed = EXCHANGE.try_with(|exchange| exchange.streamed).unwrap_or(false);
        // An error answer stays with the SDK, which knows how to read it, and so does a whole one.
        if !response.status().is_success() {
            let body = response.take_body();
            *response.body_mut() = bounded::beginning(body, MAX_BODY_BYTES);
            return Ok(());
        }
        if !streamed || response.status().as_u16() != 200 {
            let body = response.take_body();
            *response.body_mut() = bounded::whole(body);
            return Ok(());
        }
        let content = OpenedContent::Stream(begun(response)?);
        EXCHANGE.try_with(|exchange| exchange.keep(response, content))?;
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let whole = |exchange: &Exchange| {
            if !exchange.streamed
                && response.status().is_success()
                && let Some(bytes) = response.body().bytes()
            {
                exchange.keep(response, OpenedContent::Whole(bytes.to_vec()));
            }
        };
        // Outside of an exchange nobody wants the bytes.
        let _ = EXCHANGE.try_with(whole);
        Ok(())
    }
}

/// The host of a URI whose scheme is http.
fn plain_http_host(uri: &str) -> Option<&str> {
    let rest = uri.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://")).map(|_| &uri[7..])?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some(match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    })
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_waited_for_once() {
        let mut call = Call::failed(Failure::new(Stage::Refused, "no"));
        assert!(call.is_live(), "there is something to be told");
        for _ in 0..2 {
            assert_eq!(call.take().expect_err("it failed").message, "no");
            assert!(!call.is_live(), "a guest that waits on would be called for ever");
        }
    }

    /// Frames that are no content could be sent for as long as the first content is waited for.
    #[test]
    fn what_comes_before_the_first_content_has_a_bound() {
        use aws_smithy_eventstream::frame::write_message_to;
        use aws_smithy_types::event_stream::{Header, HeaderValue, Message};

        struct Endless(Bytes);

        impl http_body::Body for Endless {
            type Data = Bytes;
            type Error = std::convert::Infallible;

            fn poll_frame(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
                Poll::Ready(Some(Ok(http_body::Frame::data(self.0.clone()))))
            }
        }

        for payload in ["", r#"{"role":"assistant"}"#] {
            let name = Header::new(":event-type", HeaderValue::String("messageStart".into()));
            let mut frame = Vec::new();
            write_message_to(&Message::new(payload).add_header(name), &mut frame).expect("a frame");
            let body = SdkBody::from_body_1_x(Endless(frame.repeat(100).into()));
            let mut answer = Answer::new(body);
            let mut context = Context::from_waker(std::task::Waker::noop());
            {
                let mut waiting = std::pin::pin!(answer.until_content());
                assert!(waiting.as_mut().poll(&mut context).is_ready());
            }
            assert!(answer.is_full() && answer.outcome.is_none());
            assert!(answer.poll_arrival(&mut context).is_ready(), "the plugin is called");
            let Batch { frames, data } = &answer.batch;
            assert!(frames.len() < READ_AHEAD_FRAMES + 100 && data.len() < 2 * READ_AHEAD_BYTES);
        }
    }

    #[test]
    fn a_key_travels_in_the_clear_to_loopback_only() {
        for (uri, open) in [
            ("http://127.0.0.1:8080/model/x", false),
            ("http://[::1]:80/", false),
            ("http://localhost/", false),
            ("HTTP://example.com/", true),
            ("http://127.0.0.1.example.com/", true),
            ("http://127.0.0.1@example.com/", true),
            ("http://10.0.0.1:80/", true),
            ("https://example.com/", false),
        ] {
            let found = plain_http_host(uri).is_some_and(|host| !is_loopback(host));
            assert_eq!(found, open, "{uri}");
        }
    }
}
