//! A forward proxy, which tunnels what is asked of it and passes on what is sent in the clear.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bedrock_sim::raw::{Act, RawServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// `user:pass`
const PASSWORD: &str = "basic dxnlcjpwyxnz";

/// What stands between.
#[derive(Clone, Copy)]
pub(super) enum Proxy {
    Nothing,
    Works,
    /// It works for `user` with the password `pass`, and for nobody else.
    AsksForPassword,
    /// It does this with whoever comes.
    Does(fn() -> Vec<Act>),
}

pub(super) enum ProxyServer {
    Works { address: SocketAddr, passed: Arc<AtomicUsize>, _runtime: Runtime },
    Does(RawServer),
}

impl ProxyServer {
    pub(super) fn start(proxy: Proxy) -> Option<Self> {
        let asks = match proxy {
            Proxy::Nothing => return None,
            Proxy::Does(acts) => return Some(Self::Does(RawServer::start(acts()).expect("it starts"))),
            Proxy::Works => false,
            Proxy::AsksForPassword => true,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        let (address, passed) = (listener.local_addr().expect("an address"), Arc::<AtomicUsize>::default());
        let counted = passed.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, asks, counted.clone()));
            }
        });
        Some(Self::Works { address, passed, _runtime: runtime })
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Works { address, .. } => address.to_string(),
            Self::Does(server) => server.address().to_string(),
        }
    }

    /// Whether it let anything through.
    pub(super) fn was_used(&self) -> bool {
        matches!(self, Self::Works { passed, .. } if passed.load(Ordering::Acquire) > 0)
    }
}

async fn pass(mut client: TcpStream, asks: bool, passed: Arc<AtomicUsize>) -> io::Result<()> {
    let mut read = Vec::new();
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        if client.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&read).into_owned();
    if asks && !head.to_lowercase().contains(&format!("proxy-authorization: {PASSWORD}")) {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n";
        return client.write_all(refusal.as_bytes()).await;
    }
    let mut words = head.split([' ', '\r']);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let place = match method {
        "CONNECT" => target,
        _ => target.trim_start_matches("http://").split('/').next().unwrap_or_default(),
    };
    let mut server = TcpStream::connect(place).await?;
    passed.fetch_add(1, Ordering::AcqRel);
    match method {
        "CONNECT" => client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?,
        _ => server.write_all(&read).await?,
    }
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}
