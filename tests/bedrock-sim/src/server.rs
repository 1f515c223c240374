//! The accept loop and the connections.

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::connection::{Handle, Socket};
use crate::service::{self, Peer};
use crate::simulator::Shared;

/// Pause after an accept that failed, which is when the process has no file left.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(10);
/// Tests cancel many streams at once; the defaults take that for an attack and close.
const MAX_RESET_STREAMS: usize = 100_000;

/// Accepts until the simulator is dropped; every connection ends with it.
pub(crate) async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Nothing is ever sent: this ends when the simulator drops its side.
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, tls.clone(), shared.clone()));
                }
                Err(_) => tokio::time::sleep(AFTER_FAILED_ACCEPT).await,
            },
        }
    }
}

/// Counts a connection as open while it lives.
struct Open<'a> {
    shared: &'a Shared,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.shared.log.connection_closed();
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let connection = shared.log.connection_opened();
    let _open = Open { shared: &shared };
    // It fails on a socket that is closed already, which the first read will find.
    let _ = stream.set_nodelay(true);
    let handle = Handle::default();
    let socket = Socket::new(stream, handle.clone());
    let peer = Peer { connection, handle: handle.clone(), shared: shared.clone() };
    let served = async {
        match tls {
            None => http1(socket, peer).await,
            // A handshake that fails is the client's to report.
            Some(acceptor) => match acceptor.accept(socket).await {
                Ok(socket) if socket.get_ref().1.alpn_protocol() == Some(b"h2") => {
                    http2(socket, peer).await;
                }
                Ok(socket) => http1(socket, peer).await,
                Err(_) => {}
            },
        }
    };
    tokio::select! {
        () = served => {}
        () = handle.until_reset() => {}
    }
}

async fn http1(socket: impl AsyncRead + AsyncWrite + Unpin, peer: Peer) {
    let service = service_fn(move |request| service::answer(request, peer.clone()));
    // How it ended is in the log: each answer reports for itself.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

async fn http2(socket: impl AsyncRead + AsyncWrite + Unpin, peer: Peer) {
    let streams = peer.shared.max_concurrent_streams;
    let handle = peer.handle.clone();
    let service = service_fn(move |request| service::answer(request, peer.clone()));
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_local_error_reset_streams(MAX_RESET_STREAMS)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = handle.until_go_away() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
