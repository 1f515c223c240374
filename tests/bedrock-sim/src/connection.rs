//! The socket under a connection, which can be made to end with a TCP reset.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Resets a connection from within an answer on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResetHandle {
    asked: Arc<(AtomicBool, Notify)>,
}

impl ResetHandle {
    pub(crate) fn reset(&self) {
        self.asked.0.store(true, Ordering::Release);
        self.asked.1.notify_one();
    }

    /// Ends when a reset was asked for; the connection is then to be dropped.
    pub(crate) async fn asked(&self) {
        self.asked.1.notified().await;
    }
}

/// A TCP stream that is closed with RST after a reset was asked for.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    reset: ResetHandle,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, reset: ResetHandle) -> Self {
        Self { stream, reset }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.reset.asked.0.load(Ordering::Acquire) {
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
