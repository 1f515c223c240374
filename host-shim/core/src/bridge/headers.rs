//! Headers that the operator configured, put into every request before it is signed.

use std::sync::Arc;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Names and values. Values may be secrets.
#[derive(Clone, Default)]
pub(crate) struct Headers(Arc<[(String, String)]>);

impl Headers {
    /// They have been checked: none is the signature's, the connection's or the body's.
    pub(crate) fn new(headers: &[(String, String)]) -> Self {
        Self(headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[dyn_dispatch_hint]
impl Intercept for Headers {
    fn name(&self) -> &'static str {
        "ConfiguredHeaders"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        for (name, value) in self.0.iter() {
            headers.try_insert(name.clone(), value.clone())?;
        }
        Ok(())
    }
}
