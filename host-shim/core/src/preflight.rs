//! What can be known of a request before it is sent: what it would become, and how long it is.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::host::Prepared;
use crate::{Error, ErrorClass, Host, Request, Result, limits};

/// What would be sent for a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Preview {
    /// What would be changed so that the model takes it.
    pub rewrites: Vec<Rewrite>,
    /// The body in the provider's form. In place of media stand objects `{"$media":n}`, numbered as they
    /// come in the request. What the host imposes (a guardrail, metadata) is not in it.
    pub body: Value,
}

/// A change to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rewrite {
    /// A stable word for the rule: `empty-text-dropped`, ...
    pub rule: String,
    /// A JSON Pointer into the request.
    pub at: String,
    /// For a person.
    pub detail: String,
}

/// How many input tokens a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenCount {
    /// Tokens.
    pub input: u64,
    /// Whether the provider counted. Where it does not for this model, or the credentials do not allow it, the
    /// number is an estimate from the length of the request.
    pub exact: bool,
}

impl Host {
    /// Maps a request as [`stream`](Host::stream) would, and sends nothing: what the plugin would change, and the
    /// body that would go out. Needs no credentials and no network.
    ///
    /// # Errors
    ///
    /// Those that the stream would end with before anything is sent; [`ErrorClass::Unsupported`] where the plugin
    /// cannot tell.
    pub fn preview(&self, request: Request) -> Result<Preview> {
        let Prepared { plugin, request, work, places, .. } = self.prepare(request)?;
        let preview =
            plugin.preview(&request, work).map_err(|error| places.in_error(error))?.ok_or_else(|| {
                Error::new(ErrorClass::Unsupported, "this plugin cannot tell what it would send")
            })?;
        let body = serde_json::from_str(&preview.body).map_err(|error| {
            Error::of_plugin(plugin.name(), format_args!("previews a body that is no JSON: {error}"))
        })?;
        let rewrite = |rewrite: crate::shim::contract::types::Rewrite| Rewrite {
            at: places.in_json(&rewrite.at),
            rule: rewrite.rule,
            detail: rewrite.detail,
        };
        Ok(Preview { rewrites: preview.rewrites.into_iter().map(rewrite).collect(), body })
    }

    /// Counts the input tokens of a request, mapped as [`stream`](Host::stream) would. Asks the provider, or
    /// estimates and says so. Must be awaited within a tokio runtime.
    ///
    /// # Errors
    ///
    /// Where the request cannot be mapped or the provider cannot be asked; [`ErrorClass::Unsupported`] where the
    /// plugin does not count.
    pub async fn count_tokens(&self, request: Request) -> Result<TokenCount> {
        let prepared = self.prepare(request)?;
        let patience: Duration = prepared.patience.total.unwrap_or(limits::COUNT_TIME);
        let places = prepared.places;
        let mut count = prepared
            .plugin
            .start_count(&prepared.request, prepared.work)
            .map_err(|error| places.in_error(error))?
            .ok_or_else(|| Error::new(ErrorClass::Unsupported, "this plugin does not count tokens"))?;
        let counted = tokio::time::timeout(patience, std::future::poll_fn(|cx| count.poll(cx)));
        match counted.await {
            Ok(counted) => {
                let counted = counted.map_err(|error| places.in_error(error))?;
                Ok(TokenCount { input: counted.input, exact: counted.exact })
            }
            Err(_) => Err(Error::new(
                ErrorClass::Timeout,
                format!("the tokens were not counted within {} s", patience.as_secs_f64()),
            )
            .with_remedy("try again, or allow more time")
            .retryable()),
        }
    }
}
