//! A server below HTTP: what each connection to it gets is written out, byte by byte.
//!
//! For what a server that speaks HTTP cannot do: to be silent, to break off anywhere, to answer with anything.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a connection does next.
#[derive(Clone, Debug)]
pub enum Act {
    /// Reads the request's headers, and what of its body comes along.
    Read,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Does nothing more, for ever.
    Hang,
    /// Ends with a TCP reset (RST). Without it the connection is closed after the last act.
    Reset,
}

impl Act {
    /// Writes this text.
    pub fn text(text: &str) -> Self {
        Self::Write(text.as_bytes().to_vec())
    }
}

/// A running server. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    running: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    /// Starts on a free port of 127.0.0.1, in a thread of its own. Every connection is treated alike.
    pub fn start(acts: Vec<Act>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (running, stopped) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("raw-server".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serve(listener, acts.into(), stopped)))?;
        Ok(Self { address, running: Some(running), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: std::net::TcpListener, acts: Arc<[Act]>, mut stopped: watch::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Nothing is ever sent: this ends when the server is dropped.
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    let acts = acts.clone();
                    connections.spawn(async move { play(stream, &acts).await });
                }
            }
        }
    }
}

async fn play(mut stream: TcpStream, acts: &[Act]) -> io::Result<()> {
    for act in acts {
        match act {
            Act::Read => {
                let mut read = Vec::new();
                while !read.windows(4).any(|end| end == b"\r\n\r\n") {
                    if stream.read_buf(&mut read).await? == 0 {
                        return Ok(());
                    }
                }
            }
            Act::Write(bytes) => stream.write_all(bytes).await?,
            Act::Hang => std::future::pending().await,
            Act::Reset => return stream.set_zero_linger(),
        }
    }
    // Before it is closed the rest of the request is read: a socket with unread bytes ends with a reset.
    stream.shutdown().await?;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.map(drop)
}
