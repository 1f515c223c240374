//! The handle a test holds: start, script, look, wait; drop to shut down.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use crate::log::SharedLog;
use crate::script::Prepared;
use crate::tls::Authority;
use crate::{Auth, Catalogue, Log, Operation, Request, Scenario, Tls, server};

/// Connections that may wait to be accepted. A benchmark opens a thousand at once, and one that
/// finds the queue full comes back a second later.
const BACKLOG: u32 = 4096;

/// A running simulator. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    authority: Option<Authority>,
    /// Dropped to stop the server's tasks.
    running: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a scripted scenario answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Every request.
    Any,
    /// Requests of one operation.
    Operation(Operation),
    /// Converse and ConverseStream requests for this model id, which need not be in the catalogue.
    Id(String),
}

impl From<&str> for Target {
    fn from(id: &str) -> Self {
        Self::Id(id.to_owned())
    }
}

impl From<Operation> for Target {
    fn from(operation: Operation) -> Self {
        Self::Operation(operation)
    }
}

/// What the tasks of the server share with the handle.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) log: SharedLog,
    pub(crate) auth: RwLock<Auth>,
    pub(crate) catalogue: RwLock<Catalogue>,
    pub(crate) recordings: Option<PathBuf>,
    pub(crate) max_concurrent_streams: u32,
    pub(crate) enforce_rules: bool,
    pub(crate) scripted: Mutex<Scripted>,
    /// How often a scenario with `times` was played, by its key.
    pub(crate) played: Mutex<HashMap<String, u64>>,
    /// The scenarios that do not depend on the request, by command.
    pub(crate) prepared: Mutex<HashMap<String, Arc<Prepared>>>,
}

/// The scenarios the caller registered.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    next: HashMap<Target, VecDeque<Arc<Prepared>>>,
    always: HashMap<Target, Arc<Prepared>>,
}

impl Scripted {
    /// The scenario for a request, the narrowest target first; one out of a queue is used up.
    pub(crate) fn take(&mut self, operation: Operation, id: Option<&str>) -> Option<Arc<Prepared>> {
        let converses = matches!(operation, Operation::Converse | Operation::ConverseStream);
        let by_id = id.filter(|_| converses).map(Target::from);
        let targets: Vec<Target> =
            by_id.into_iter().chain([Target::Operation(operation), Target::Any]).collect();
        let queued = targets.iter().find_map(|target| self.next.get_mut(target)?.pop_front());
        queued.or_else(|| targets.iter().find_map(|target| self.always.get(target).cloned()))
    }
}

/// How a simulator is to be set up.
#[derive(Debug)]
pub struct Builder {
    port: u16,
    tls: Option<Tls>,
    auth: Auth,
    catalogue: Catalogue,
    recordings: Option<PathBuf>,
    max_concurrent_streams: u32,
    enforce_rules: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            port: 0,
            tls: None,
            auth: Auth::default(),
            catalogue: Catalogue::default(),
            recordings: None,
            // What the real endpoints are seen to announce.
            max_concurrent_streams: 100,
            enforce_rules: false,
        }
    }
}

impl Builder {
    /// Listen on this port of 127.0.0.1; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Speak TLS, with a test authority of its own.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Whom to believe.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Which models and profiles there are.
    pub fn catalogue(mut self, catalogue: Catalogue) -> Self {
        self.catalogue = catalogue;
        self
    }

    /// The folder of recordings that `sim:replay NAME` reads.
    pub fn recordings(mut self, folder: impl Into<PathBuf>) -> Self {
        self.recordings = Some(folder.into());
        self
    }

    /// How many HTTP/2 streams one connection may have open at once; 100 by default.
    pub fn max_concurrent_streams(mut self, streams: u32) -> Self {
        self.max_concurrent_streams = streams;
        self
    }

    /// Refuse every Converse and ConverseStream request that breaks one of the [`rules`](crate::rules), before any
    /// scenario, scripted ones too.
    pub fn enforce_rules(mut self) -> Self {
        self.enforce_rules = true;
        self
    }

    /// Starts on the current tokio runtime, as tasks of it.
    pub async fn start(self) -> io::Result<Simulator> {
        let (simulator, server) = self.prepare()?;
        tokio::spawn(server);
        Ok(simulator)
    }

    /// Starts in a thread of its own with a runtime of its own, for callers without one, or whose
    /// runtime must not share the server's work.
    pub fn start_in_thread(self) -> io::Result<Simulator> {
        let (report, started) = mpsc::channel();
        let serve = async move |report: mpsc::Sender<_>| {
            // Whoever asked waits for the report below.
            match self.prepare() {
                Err(error) => drop(report.send(Err(error))),
                Ok((simulator, server)) => {
                    drop(report.send(Ok(simulator)));
                    server.await;
                }
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("bedrock-sim".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serve(report)))?;
        let mut simulator = started.recv().map_err(io::Error::other)??;
        simulator.thread = Some(thread);
        Ok(simulator)
    }

    /// A simulator that listens, and the server that has yet to run. Called within a runtime.
    fn prepare(self) -> io::Result<(Simulator, impl Future<Output = ()> + Send + 'static)> {
        let listener = listen(self.port)?;
        let (running, stopped) = watch::channel(());
        let simulator = Simulator {
            address: listener.local_addr()?,
            authority: self.tls.map(Authority::create).transpose()?,
            running: Some(running),
            thread: None,
            shared: Arc::new(Shared {
                log: SharedLog::new(),
                auth: RwLock::new(self.auth),
                catalogue: RwLock::new(self.catalogue),
                recordings: self.recordings,
                max_concurrent_streams: self.max_concurrent_streams,
                enforce_rules: self.enforce_rules,
                scripted: Mutex::default(),
                played: Mutex::default(),
                prepared: Mutex::default(),
            }),
        };
        let tls = simulator.authority.as_ref().map(Authority::acceptor);
        let server = server::run(listener, tls, simulator.shared.clone(), stopped);
        Ok((simulator, server))
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

impl Simulator {
    /// A simulator to set up.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The endpoint of both services: `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn endpoint(&self) -> String {
        match self.authority {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The PEM file of the test authority, for SSL_CERT_FILE; `None` without TLS.
    pub fn ca_file(&self) -> Option<&Path> {
        self.authority.as_ref().map(Authority::file)
    }

    /// Answers every matching request with this scenario, from now on.
    pub fn script(&self, target: impl Into<Target>, scenario: Scenario) {
        let prepared = Arc::new(Prepared::new(scenario));
        self.scripted(|scripted| scripted.always.insert(target.into(), prepared));
    }

    /// Answers the next matching request with this scenario, after those queued before it.
    pub fn script_next(&self, target: impl Into<Target>, scenario: Scenario) {
        let prepared = Arc::new(Prepared::new(scenario));
        self.scripted(|scripted| {
            scripted.next.entry(target.into()).or_default().push_back(prepared);
        });
    }

    /// Answers every matching request with a recording; see [`Scenario::replay`].
    pub fn replay(&self, target: impl Into<Target>, recording: impl AsRef<Path>) -> io::Result<()> {
        self.script(target, Scenario::replay(recording)?);
        Ok(())
    }

    /// Forgets all that was scripted.
    pub fn clear_scripts(&self) {
        self.scripted(|scripted| *scripted = Scripted::default());
    }

    /// Changes whom to believe, for requests from now on.
    pub fn set_auth(&self, auth: Auth) {
        *self.shared.auth.write().unwrap_or_else(PoisonError::into_inner) = auth;
    }

    /// Changes which models and profiles there are.
    pub fn set_catalogue(&self, catalogue: Catalogue) {
        *self.shared.catalogue.write().unwrap_or_else(PoisonError::into_inner) = catalogue;
    }

    /// A copy of the requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.log(|log| log.requests().to_vec())
    }

    /// Looks at the log in place.
    pub fn log<T>(&self, read: impl FnOnce(&Log) -> T) -> T {
        self.shared.log.read(read)
    }

    /// Forgets the requests so far; the indexes of later ones go on counting.
    pub fn forget_requests(&self) {
        self.shared.log.forget();
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.log(Log::open_connections)
    }

    /// Requests whose answer has not ended.
    pub fn live_responses(&self) -> usize {
        self.log(Log::live_responses)
    }

    /// Waits until the log is as wanted, woken by each change of it; false when `limit` passes
    /// first. The predicate runs under the log's lock: it looks at the log alone.
    pub async fn wait_for(&self, reached: impl Fn(&Log) -> bool, limit: Duration) -> bool {
        self.shared.log.wait_for(reached, limit).await
    }

    /// [`wait_for`](Self::wait_for) for a thread without a runtime.
    pub fn wait_for_blocking(&self, reached: impl Fn(&Log) -> bool, limit: Duration) -> bool {
        self.shared.log.wait_for_blocking(reached, limit)
    }

    /// Waits until the answer to this request has ended, whichever way, and returns it; `None`
    /// when `limit` passes first.
    pub async fn wait_ended(&self, index: usize, limit: Duration) -> Option<Request> {
        let ended = |log: &Log| log.request(index).is_some_and(|r| r.ended_at.is_some());
        let request = || self.log(|log| log.request(index).cloned());
        self.wait_for(ended, limit).await.then(request).flatten()
    }

    fn scripted<T>(&self, change: impl FnOnce(&mut Scripted) -> T) -> T {
        change(&mut self.shared.scripted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // It only fails when the server panicked, which its test has seen already.
            let _ = thread.join();
        }
    }
}
