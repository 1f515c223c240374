//! An endpoint that means harm: answers without end, bombs, redirects. The host reads so much of it and no more,
//! sends its keys nowhere else, and goes on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bedrock_sim::{Operation, Scenario, Step, frame};
use bytes::Bytes;
use outcrop::request::Timeouts;
use outcrop::{Error, ErrorClass, Event, Host, HostBuilder};
use serde_json::json;

use crate::support::{ask, builder, done, failed, host, simulator};

/// What a bomb writes in one go.
const MEGABYTE: usize = 1 << 20;
/// What lies in the sockets' buffers when the host has hung up.
const IN_FLIGHT: usize = 16 * MEGABYTE;

/// An HTTP server that answers every request by writing whatever it likes.
struct Wild {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    written: Arc<Mutex<usize>>,
}

/// Writes until the other side has hung up; counts what it got rid of.
struct Pen<'a> {
    stream: TcpStream,
    written: &'a Mutex<usize>,
}

impl Pen<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)?;
        *self.written.lock().expect("a count") += bytes.len();
        Ok(())
    }

    /// Again and again, but not more than a gigabyte.
    fn repeat(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        (0..(1 << 30) / bytes.len()).try_for_each(|_| self.write(bytes))
    }
}

impl Wild {
    fn new(answer: impl Fn(&str, &mut Pen<'_>) -> std::io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let wild = Self {
            address: listener.local_addr().expect("an address"),
            heads: Arc::default(),
            written: Arc::default(),
        };
        let (heads, written) = (wild.heads.clone(), wild.written.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(head) = read_request(&stream) else { continue };
                heads.lock().expect("heads").push(head.clone());
                // It fails when the host has had enough.
                let _ = answer(&head, &mut Pen { stream, written: &written });
            }
        });
        wild
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("heads").clone()
    }

    fn written(&self) -> usize {
        *self.written.lock().expect("a count")
    }

    fn builder(&self) -> HostBuilder {
        let mut timeouts = Timeouts::default();
        timeouts.first_content = Some(Duration::from_secs(20));
        timeouts.total = Some(Duration::from_secs(25));
        Host::builder()
            .region("us-east-1")
            .access_key("AKIDEXAMPLE", "s3cr3t", None)
            .cache_folder(crate::support::Cache::of_process().path())
            .refresh_interval(Duration::ZERO)
            .attempts(1)
            .timeouts(timeouts)
            .endpoint(self.endpoint())
    }

    /// Of two requests, the first made by the AWS SDK and the second in its likeness.
    async fn error_of_answer(&self) -> Error {
        let host = self.builder().build().expect("a host");
        let [one, other] = [failed(host.stream(ask("Hello"))).await, failed(host.stream(ask("Hello"))).await];
        assert_eq!((one.class, &one.message), (other.class, &other.message));
        other
    }

    async fn error_of_listing(&self) -> Error {
        self.builder().build().expect("a host").models().await.expect_err("nothing can be listed")
    }
}

/// The request's head; its body is read and forgotten.
fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
    reader.read_exact(&mut body).ok()?;
    Some(head)
}

const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n";

#[tokio::test]
async fn an_error_of_a_gigabyte_is_cut_and_keeps_its_class() {
    let wild = Wild::new(|_, pen| {
        pen.write(b"HTTP/1.1 503 Slow Down\r\nx-amzn-errortype: ServiceUnavailableException\r\ncontent-length: 1073741824\r\n\r\n")?;
        pen.repeat(&vec![b' '; MEGABYTE])
    });
    let error = wild.error_of_answer().await;
    assert_eq!((error.class, error.http_status), (ErrorClass::Overloaded, Some(503)), "{error:?}");
    assert!(wild.written() < IN_FLIGHT, "{} bytes were taken", wild.written());
    let error = wild.error_of_listing().await;
    let code = error.provider_code.as_deref();
    assert_eq!((code, error.http_status), (Some("ServiceUnavailableException"), Some(503)), "{error:?}");
    assert!(wild.written() < 4 * IN_FLIGHT, "{} bytes were taken", wild.written());
}

#[tokio::test]
async fn a_listing_of_a_gigabyte_is_refused() {
    let wild = Wild::new(|_, pen| {
        pen.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1073741824\r\n\r\n{\"modelSummaries\":[")?;
        pen.repeat(&vec![b' '; MEGABYTE])
    });
    let error = wild.error_of_listing().await;
    assert!(error.to_string().contains("more than 32 MiB"), "{error:?}");
    // There are three lists.
    assert!(wild.written() < 3 * (32 * MEGABYTE + IN_FLIGHT), "{} bytes were taken", wild.written());
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    for line in ["x-filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", "a"] {
        let wild = Wild::new(|_, pen| {
            pen.write(EVENTS.as_bytes())?;
            pen.repeat(&line.repeat(MEGABYTE / line.len()).into_bytes())
        });
        let error = wild.error_of_answer().await;
        assert_eq!((error.class, error.delivered), (ErrorClass::Network, false), "{error:?}");
        assert!(error.message.len() < 4096);
        assert!(wild.written() < IN_FLIGHT, "{} bytes were taken", wild.written());
    }
}

/// Nobody asked for it, and nobody unpacks it: a bomb stays as small as it came.
#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    let events = [
        frame::event("messageStart", &json!({ "role": "assistant" })),
        frame::event("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": { "text": "Hello" } })),
        frame::event("messageStop", &json!({ "stopReason": "end_turn" })),
    ]
    .concat();
    let packed = stored_gzip(&events);
    let wild = Wild::new(move |_, pen| {
        let head = format!("{EVENTS}content-encoding: gzip\r\ncontent-length: {}", packed.len());
        pen.write(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())?;
        pen.write(&packed)
    });
    let error = wild.error_of_answer().await;
    assert!(!error.delivered && error.message.contains("compressed (gzip)"), "{error:?}");
    assert!(!wild.heads()[0].to_ascii_lowercase().contains("accept-encoding"), "{}", wild.heads()[0]);
}

/// A gzip file that holds its content as it is.
fn stored_gzip(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("one block");
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(content);
    file.extend(crc32fast::hash(content).to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

/// The signature, the token and the prompt go where the operator said, and nowhere else.
#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let other = Wild::new(|_, pen| pen.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        let to = other.endpoint();
        let wild = Wild::new(move |_, pen| {
            let head = format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {to}/stolen\r\ncontent-length: 0");
            pen.write(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes())
        });
        let error = wild.error_of_answer().await;
        assert_eq!((error.http_status, error.delivered), (Some(status), false), "{error:?}");
        wild.error_of_listing().await;
        assert!(wild.heads().iter().all(|head| head.to_ascii_lowercase().contains("authorization:")));
        assert_eq!(other.heads(), [] as [String; 0], "nothing went to the other place");
    }
}

/// Frames that mean nothing, for as long as somebody reads them.
#[tokio::test]
async fn frames_that_say_nothing_run_into_the_first_limit() {
    for name in ["messageStart", "contentBlockStop"] {
        let frames = frame::event(name, &json!({ "role": "assistant", "contentBlockIndex": 0 })).repeat(4096);
        let wild = Wild::new(move |_, pen| {
            pen.write(format!("{EVENTS}\r\n").as_bytes())?;
            loop {
                pen.write(&frames)?;
            }
        });
        let mut timeouts = Timeouts::default();
        timeouts.first_content = Some(Duration::from_millis(1500));
        let host = wild.builder().timeouts(timeouts).build().expect("a host");
        let error = failed(host.stream(ask("Hello"))).await;
        assert_eq!((error.class, error.delivered), (ErrorClass::Timeout, false), "{error:?}");
    }
}

#[tokio::test]
async fn a_frame_that_claims_gigabytes_is_refused_before_it_comes() {
    for (total, headers) in [(u32::MAX, 16_u32), (0x7fff_ffff, 0), (64, u32::MAX), (15, 0)] {
        let mut prelude = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        prelude.extend(crc32fast::hash(&prelude).to_be_bytes());
        let sim = simulator();
        let bomb = Scenario::stream(vec![Step::Raw(Bytes::from(prelude)), Step::Hang]);
        sim.script(Operation::ConverseStream, bomb);
        let error = failed(builder(&sim).attempts(1).build().expect("a host").stream(ask("Hello"))).await;
        assert_eq!((error.class, error.delivered), (ErrorClass::Truncated, false), "{error:?}");
        assert!(error.message.contains("corrupted"), "{error}");
    }
}

#[tokio::test]
async fn a_listing_of_a_million_models_is_an_error_and_no_more() {
    let sim = simulator();
    let summaries: Vec<_> = (0..1_000_000).map(|number| json!({ "modelId": format!("m{number}") })).collect();
    sim.script(Operation::ListFoundationModels, Scenario::json(200, &json!({ "modelSummaries": summaries })));
    let host = host(&sim);
    // Which limit the plugin meets over it is the machine's to say.
    let error = host.models().await.expect_err("nobody lists as many");
    let limits = ["callTimeMs", "memoryBytes", "hostCallBytes", "answerBytes"];
    assert!(limits.iter().any(|limit| error.message.contains(limit)), "{error:?}");
    // Whatever became of it, answers go on.
    done(host.stream(ask("sim:text Hello"))).await;
}

#[tokio::test]
async fn pages_without_end_come_to_one() {
    let entry = json!({ "inferenceProfileId": "p", "description": "d".repeat(MEGABYTE) });
    let page = json!({ "inferenceProfileSummaries": vec![entry; 4], "nextToken": "again" }).to_string();
    let wild = Wild::new(move |head, pen| {
        let body =
            if head.starts_with("GET /inference-profiles") { &page } else { "{\"modelSummaries\":[]}" };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        pen.write(head.as_bytes())?;
        pen.write(body.as_bytes())
    });
    let host = wild.builder().build().expect("a host");
    // The list of models came whole, so there is a listing; what is missing is told with it.
    let told = match host.models().await {
        Ok(listed) => listed.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Err(error) => error.to_string(),
    };
    assert!(told.contains("longer than 32 MiB"), "{told}");
    assert!(wild.heads().len() < 24, "{} pages were asked for", wild.heads().len());
}

/// An answer that never stops saying something is the caller's to stop; nothing is lost on the way, and dropping it
/// hangs up.
#[tokio::test]
async fn an_answer_without_end_ends_when_it_is_dropped() {
    let delta =
        frame::event("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": { "text": "again " } }));
    let wild = Wild::new(move |_, pen| {
        pen.write(format!("{EVENTS}\r\n").as_bytes())?;
        loop {
            pen.write(&delta)?;
        }
    });
    let host = wild.builder().build().expect("a host");
    let mut answer = host.stream(ask("Hello"));
    let mut deltas = 0;
    while deltas < 10_000 {
        match answer.next().await {
            Some(Event::TextDelta { .. }) => deltas += 1,
            Some(Event::Error { error }) => panic!("{error}"),
            Some(_) => {}
            None => panic!("it ended"),
        }
    }
    drop(answer);
    assert_eq!(host.streams(), 0);
}
