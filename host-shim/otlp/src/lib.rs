//! Sends the spans of Outcrop's streams to an OpenTelemetry collector, by OTLP over HTTP.
//!
//! ```no_run
//! use tracing_subscriber::layer::SubscriberExt as _;
//! use tracing_subscriber::util::SubscriberInitExt as _;
//!
//! let (spans, _until_dropped) = outcrop_otlp::layer("my-agent-host")?;
//! tracing_subscriber::registry().with(spans).init();
//! # Ok::<(), outcrop_otlp::Error>(())
//! ```
//!
//! Where to and how is what OpenTelemetry's own variables say: `OTEL_EXPORTER_OTLP_ENDPOINT` (or
//! `..._TRACES_ENDPOINT`; `http://localhost:4318` without it), `OTEL_EXPORTER_OTLP_HEADERS`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`. The collector stands on this machine or
//! beside it: plain HTTP, no TLS.
//!
//! Only what Outcrop itself says at `info` goes out, of its libraries and plugins nothing.
#![forbid(unsafe_code)]

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Array, StringValue, Value};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::WithHttpConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// Why spans cannot be sent: a variable is wrong.
pub type Error = opentelemetry_otlp::ExporterBuildError;

/// How long the collector may take for an answer.
const COLLECTOR_TIME: Duration = Duration::from_secs(10);

/// Sends in the background while it lives. Dropping it sends what is left.
#[derive(Debug)]
pub struct Sending(SdkTracerProvider);

impl Drop for Sending {
    fn drop(&mut self) {
        // Whoever drops it is about to end: nobody is there to be told.
        let _ = self.0.shutdown();
    }
}

/// A layer that sends the spans of streams. The service is called so, unless `OTEL_SERVICE_NAME` says otherwise.
///
/// # Errors
///
/// Where a variable of OpenTelemetry's is wrong. A collector that does not answer is none: its spans are lost.
pub fn layer<S>(service: &'static str) -> Result<(impl Layer<S> + Send + Sync, Sending), Error>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let exporter =
        opentelemetry_otlp::SpanExporter::builder().with_http().with_http_client(Http::new()).build()?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(service);
    }
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(Lists(exporter))
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("outcrop"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(filter_fn(is_ours));
    Ok((layer, Sending(provider)))
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    *metadata.level() <= Level::INFO && (target == "outcrop" || target.starts_with("outcrop::"))
}

/// Spans with their lists as lists: a field of `tracing` has none, and holds JSON.
#[derive(Debug)]
struct Lists<E>(E);

impl<E: SpanExporter> SpanExporter for Lists<E> {
    fn export(&self, mut batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        for attribute in batch.iter_mut().flat_map(|span| &mut span.attributes) {
            if attribute.key.as_str() == "gen_ai.response.finish_reasons"
                && let Value::String(json) = &attribute.value
                && let Some(word) =
                    json.as_str().strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]"))
            {
                let list = vec![StringValue::from(word.to_owned())];
                attribute.value = Value::Array(Array::String(list));
            }
        }
        self.0.export(batch)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// HTTP that blocks: the exporter has a thread of its own.
#[derive(Debug)]
struct Http(ureq::Agent);

impl Http {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(COLLECTOR_TIME))
            // What a status means is the exporter's to say.
            .http_status_as_error(false)
            .build();
        Self(config.into())
    }
}

#[async_trait]
impl HttpClient for Http {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let response = self.0.run(http::Request::from_parts(parts, body.to_vec()))?;
        let (parts, mut body) = response.into_parts();
        Ok(http::Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}
