//! Where attacks are played: a simulator, hosts that ask it, and honest streams beside.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bedrock_sim::{DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, Operation, Simulator};
use outcrop::request::{Content, Media, MediaKind, Message, Timeouts};
use outcrop::{Error, ErrorClass, Event, EventStream, Host, HostBuilder, Limits, Request};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::attacks::{Attack, Plugin, Way};
use crate::judge;

/// A model that any scenario can be asked of.
pub(crate) const MODEL: &str = "amazon-bedrock/sim.text-v1:0";
/// What hostile plugins are called in errors: the name of their file.
pub(crate) const NAME: &str = "hostile.wasm";
/// What the operator imposes on every request.
const GUARDRAIL: &str = "gr-operator";
const TEAM: &str = "operators";
/// Deltas of an honest stream, and the milliseconds between them.
const DELTAS: usize = 16;
const BESIDE: &str = "sim:paced deltas=16 bytes=20 every=4";
/// Long enough for a slow machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of an attack.
pub(crate) struct Outcome {
    /// For the table.
    pub(crate) said: String,
    pub(crate) verdict: Result<(), String>,
    /// Streams of the attacked host that nobody holds any more and that still count.
    pub(crate) streams_left: usize,
}

pub(crate) struct Stage {
    pub(crate) sim: Simulator,
    folder: TempDir,
    compiled: PathBuf,
    honest: Host,
    /// The text of an honest stream that nobody disturbed.
    whole: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let sim = Simulator::builder().start_in_thread().expect("the simulator starts");
        let folder = tempfile::tempdir().expect("a folder");
        // Compiled code is everybody's; nothing else is kept from one attack to the next.
        let common = std::env::var_os("OUTCROP_CACHE_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/outcrop-cache"),
            PathBuf::from,
        );
        let compiled = common.join("compiled");
        std::fs::create_dir_all(&compiled).expect("a folder");
        let honest =
            base(&sim).cache_folder(cache(folder.path(), "honest", &compiled)).build().expect("a host");
        let (whole, deltas) = beside(&honest).await.expect("an answer");
        assert_eq!(deltas, DELTAS);
        Self { sim, folder, compiled, honest, whole }
    }

    /// A host for a plugin, told what to do. Compiles it, so it belongs on a thread that may wait.
    pub(crate) fn builder(&self, component: &[u8], attack: &str) -> HostBuilder {
        let file = self.folder.path().join(NAME);
        std::fs::write(&file, component).expect("written");
        let mut settings = Map::new();
        settings.insert("attack".to_owned(), attack.into());
        base(&self.sim)
            .cache_folder(cache(self.folder.path(), "hostile", &self.compiled))
            .plugin_file(file)
            .settings(settings)
    }

    /// Where the plugins' files lie, with a slash.
    pub(crate) fn folder(&self) -> String {
        format!("{}/", self.folder.path().display())
    }

    /// Starts an honest stream. It ends with the number of its deltas, or with what harmed it.
    pub(crate) fn bystander(&self) -> JoinHandle<Result<usize, String>> {
        let (host, whole) = (self.honest.clone(), self.whole.clone());
        tokio::spawn(async move {
            let (text, deltas) = beside(&host).await?;
            if text == whole { Ok(deltas) } else { Err(format!("its text is {text:?}")) }
        })
    }

    /// What is wrong with what the service got since the last time.
    pub(crate) fn check_sent(&self) -> Vec<String> {
        let requests = self.sim.requests();
        self.sim.forget_requests();
        let asked = requests
            .iter()
            .filter(|request| matches!(request.operation, Operation::Converse | Operation::ConverseStream));
        asked
            .filter_map(|request| {
                let body = request.json();
                let is_imposed = body["guardrailConfig"]["guardrailIdentifier"] == GUARDRAIL
                    && body["requestMetadata"]["team"] == TEAM;
                if !is_imposed {
                    Some("what the operator imposes was not in a request".to_owned())
                } else if body.to_string().contains("s3://") {
                    Some("a storage location was sent that nobody brought".to_owned())
                } else if !request.target.contains("sim.text-v1") {
                    Some(format!("{} was asked", request.target))
                } else {
                    None
                }
            })
            .collect()
    }

    /// Plays an attack.
    pub(crate) async fn run(&self, attack: &Attack) -> Outcome {
        let component = match attack.plugin {
            Plugin::Guest => outcrop_hostile::HOSTILE_PLUGIN.to_vec(),
            Plugin::Made(make) => make(),
        };
        let (mut limits, mut timeouts) = (Limits::default(), Timeouts::default());
        (attack.limits)(&mut limits, &mut timeouts);
        let builder = self.builder(&component, attack.name).limits(limits).timeouts(timeouts);
        drop(component);
        let host = tokio::task::spawn_blocking(move || builder.build()).await.expect("no panic");
        let (came, streams_left) = match host {
            Ok(host) => {
                let came = ask(&host, attack.way).await;
                (came, host.streams())
            }
            Err(error) => (Err(error), 0),
        };
        let said = match &came {
            Ok(text) => text.clone(),
            Err(error) => format!("{}: {}", error.class, shown(&error.message)),
        };
        Outcome { said, verdict: judge(&attack.expected, NAME, &came), streams_left }
    }
}

/// A message as the table has it.
fn shown(message: &str) -> String {
    let message = message.rsplit_once(NAME).map_or(message, |(_, rest)| rest);
    let short: String = message.trim_start_matches([' ', ':']).chars().take(100).collect();
    short.replace(['\n', '|'], " ")
}

async fn ask(host: &Host, way: Way) -> Result<String, Error> {
    let picture = Media::new(MediaKind::Image, "png", vec![0; 1024]);
    let content = vec![Content::Text("Hello".to_owned()), Content::Media(picture)];
    let request = || Request::new(MODEL).message(Message::user(content.clone()));
    Ok(match way {
        Way::Load => "it was loaded".to_owned(),
        Way::List => {
            let listed = host.models().await?;
            let words = listed.models.iter().flat_map(|model| [&model.id, &model.name, &model.vendor]);
            let left_out = listed.left_out.iter().flat_map(|model| [&model.id, &model.name, &model.detail]);
            let hides = words.chain(left_out).any(|text| text.contains(char::is_control));
            assert!(!hides, "control characters in a listing");
            format!("{} on offer, {} left out", listed.models.len(), listed.left_out.len())
        }
        Way::Stream => answer(host.stream(request())).await?,
        Way::Count => host.count_tokens(request()).await?.input.to_string(),
        Way::Preview => host.preview(request())?.body.to_string(),
        Way::Explain => host.explain_model(MODEL)?.to_string(),
    })
}

/// The text of an answer, which must have one end.
pub(crate) async fn answer(stream: EventStream) -> Result<String, Error> {
    read(stream).await.map(|(text, _)| text)
}

async fn read(mut stream: EventStream) -> Result<(String, usize), Error> {
    let all = async {
        let mut terminal = None;
        let mut deltas = 0;
        while let Some(event) = stream.next().await {
            assert!(terminal.is_none(), "an event after the terminal one: {event:?}");
            deltas += usize::from(matches!(event, Event::TextDelta { .. }));
            if event.is_terminal() {
                terminal = Some(event);
            }
        }
        (terminal, deltas)
    };
    let ended = tokio::time::timeout(PATIENCE, all).await;
    let (terminal, deltas) =
        ended.map_err(|_| Error::new(ErrorClass::Other, "the test waited for too long"))?;
    match terminal {
        Some(Event::Done { message, .. }) => Ok((message.text(), deltas)),
        Some(Event::Error { error }) => Err(*error),
        other => panic!("the stream ended with {other:?}"),
    }
}

async fn beside(host: &Host) -> Result<(String, usize), String> {
    read(host.stream(Request::new(MODEL).user(BESIDE))).await.map_err(|error| error.to_string())
}

/// A host that knows nothing but the simulator, and what its operator imposes.
fn base(sim: &Simulator) -> HostBuilder {
    let guardrail = json!({ "guardrailIdentifier": GUARDRAIL, "guardrailVersion": "1" });
    let metadata: Map<String, Value> = [("team".to_owned(), TEAM.into())].into_iter().collect();
    Host::builder()
        .region("us-east-1")
        .endpoint(sim.endpoint())
        .access_key(DEFAULT_ACCESS_KEY, DEFAULT_SECRET_KEY, None)
        .guardrail(guardrail)
        .request_metadata(metadata)
}

/// A folder for one kind of host, with the common folder of compiled code in it.
fn cache(folder: &Path, kind: &str, compiled: &Path) -> PathBuf {
    let cache = folder.join(kind);
    if !cache.exists() {
        std::fs::create_dir_all(&cache).expect("a folder");
        std::os::unix::fs::symlink(compiled, cache.join("compiled")).expect("a link");
    }
    cache
}
