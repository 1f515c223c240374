//! The socket under a connection, which can be made to end with a TCP reset.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Ends a connection from within an answer on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handle {
    asked: Arc<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    is_reset: AtomicBool,
    reset: Notify,
    go_away: Notify,
}

impl Handle {
    pub(crate) fn reset(&self) {
        self.asked.is_reset.store(true, Ordering::Release);
        self.asked.reset.notify_one();
    }

    /// Ends when a reset was asked for; the connection is then to be dropped.
    pub(crate) async fn until_reset(&self) {
        self.asked.reset.notified().await;
    }

    pub(crate) fn go_away(&self) {
        self.asked.go_away.notify_one();
    }

    /// Ends when the connection is to take no more requests.
    pub(crate) async fn until_go_away(&self) {
        self.asked.go_away.notified().await;
    }
}

/// A TCP stream that is closed with RST after a reset was asked for.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    handle: Handle,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, handle: Handle) -> Self {
        Self { stream, handle }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.handle.asked.is_reset.load(Ordering::Acquire) {
            // Without this the stream ends with FIN; there is nobody left to tell.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
