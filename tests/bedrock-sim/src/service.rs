//! From a request to its answer: record it, check who asks, choose the script, play it.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{DATE, HeaderName, HeaderValue};
use hyper::{Request as HttpRequest, Response, StatusCode};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crate::body::{Ending, ScriptBody};
use crate::choose::{self, Asked};
use crate::connection::Handle;
use crate::date::AmzDate;
use crate::operation::Route;
use crate::script::Script;
use crate::simulator::Shared;
use crate::{Outcome, Request};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The connection that a request came on.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) connection: u64,
    pub(crate) handle: Handle,
    pub(crate) shared: Arc<Shared>,
}

/// Answers one request. The connection drops this when the client goes away meanwhile.
pub(crate) async fn answer(
    request: HttpRequest<Incoming>,
    peer: Peer,
) -> Result<Response<ScriptBody>, hyper::Error> {
    let shared = &peer.shared;
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts.method, parts.uri.path());
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let index = shared.log.enter(Request {
        index: 0,
        connection: peer.connection,
        version: parts.version,
        method: parts.method.clone(),
        target: target.to_owned(),
        headers: parts.headers.clone(),
        body: Bytes::new(),
        operation: route.operation,
        id: route.id.clone(),
        auth: None,
        scenario: None,
        status: None,
        received_at: Instant::now(),
        ended_at: None,
        chunks_sent: 0,
        outcome: Outcome::Live,
    });
    let ending = Ending::new(shared.clone(), index);
    let body = body.collect().await?.to_bytes();
    let auth = shared.auth.read().unwrap_or_else(PoisonError::into_inner).clone();
    let who = auth.check(&parts.method, &parts.uri, &parts.headers, &body);

    let query = parts.uri.query().unwrap_or_default();
    let chosen = choose::script(shared, &Asked { route: &route, query, body: &body, who: &who });
    let script = chosen.script;
    shared.log.update(index, |request| {
        request.body = body;
        request.auth = Some(who);
        request.scenario = Some(chosen.name);
    });
    if !script.before_headers.is_zero() {
        tokio::time::sleep(script.before_headers).await;
    }
    shared.log.update(index, |request| request.status = Some(script.status));

    let mut response = respond(script, index, peer.handle, ending);
    if auth.clock_is_off() {
        let date = HeaderValue::try_from(AmzDate::from(auth.now()).http());
        response.headers_mut().extend(date.into_iter().map(|date| (DATE, date)));
    }
    Ok(response)
}

fn respond(script: Arc<Script>, index: usize, handle: Handle, ending: Ending) -> Response<ScriptBody> {
    let status = StatusCode::from_u16(script.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = script.headers.clone();
    let mut response = Response::new(ScriptBody::new(script, handle, ending));
    *response.status_mut() = status;
    let id = HeaderValue::try_from(format!("5e51a7ed-0000-4000-8000-{index:012x}"));
    response.headers_mut().extend(id.into_iter().map(|id| (REQUEST_ID, id)));
    response.headers_mut().extend(headers);
    response
}
