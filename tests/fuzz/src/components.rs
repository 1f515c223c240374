//! Component bytes: what is no plugin is refused, and what is one is contained, whatever its code does.
//!
//! Random bytes are hardly ever a component, so most inputs are made into one: a sound component with bytes changed,
//! or the contract's world around a module of random code (`written`).

use std::time::Duration;

use arbitrary::Unstructured;
use outcrop::request::Timeouts;
use outcrop::{ErrorClass, Event, Host, Limits, Request, inspect};

#[cfg(feature = "written")]
mod written;

/// See the module.
pub fn check(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let bytes = match input.int_in_range(0..=7_u8).unwrap_or_default() {
        0 => input.bytes(input.len()).unwrap_or_default().to_vec(),
        1 | 2 => changed(&mut input),
        _ => match written(&mut input) {
            Some(bytes) => bytes,
            None => return,
        },
    };
    match inspect(&bytes) {
        Ok(found) => {
            assert_eq!(found.size_bytes, bytes.len());
            assert_eq!(found.fits(), found.problems.is_empty());
            load(&bytes, found.fits());
        }
        Err(error) => {
            assert_eq!(error.class, ErrorClass::InvalidRequest);
            load(&bytes, false);
        }
    }
}

/// Loads what may be a plugin; where it starts, asks it for an answer.
fn load(bytes: &[u8], fits: bool) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), bytes).expect("it is written");
    let mut limits = Limits::default();
    limits.memory_bytes = 4 << 20;
    limits.call_time = Duration::from_millis(20);
    limits.streams = 2;
    limits.process_streams = 2;
    let host = Host::builder()
        .plugin_file(file.path())
        .cache_folder("/dev/null/none")
        .region("us-east-1")
        .access_key("AKIDEXAMPLE", "secret", None)
        // Nothing listens there, and no guest can choose another place.
        .endpoint("http://127.0.0.1:9")
        .attempts(1)
        .limits(limits)
        .build();
    let host = match host {
        Ok(host) => host,
        Err(error) => {
            assert!(!error.message.is_empty());
            return;
        }
    };
    assert!(fits, "what does not fit the contract is not loaded");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut request = Request::new("amazon-bedrock/amazon.nova-micro-v1:0").user("Hello");
        let mut timeouts = Timeouts::default();
        timeouts.total = Some(Duration::from_millis(500));
        request.timeouts = timeouts;
        let _ = host.preview(request.clone());
        let mut answer = host.stream(request);
        let mut terminal = 0;
        while let Some(event) = answer.next().await {
            assert_eq!(terminal, 0, "{event:?} after the end");
            terminal += usize::from(matches!(event, Event::Done { .. } | Event::Error { .. }));
        }
        assert_eq!(terminal, 1, "one end");
    });
    assert_eq!(host.streams(), 0);
}

/// A sound component with some bytes changed.
fn changed(input: &mut Unstructured<'_>) -> Vec<u8> {
    let mut bytes = sound().to_vec();
    while !input.is_empty() {
        let place = input.arbitrary::<u32>().unwrap_or_default() as usize % bytes.len();
        let byte = input.arbitrary().unwrap_or_default();
        match input.int_in_range(0..=3_u8).unwrap_or_default() {
            0 => bytes.insert(place, byte),
            1 => drop(bytes.drain(place..(place + usize::from(byte)).min(bytes.len() - 1))),
            _ => bytes[place] = byte,
        }
    }
    bytes
}

#[cfg(feature = "written")]
fn sound() -> &'static [u8] {
    &written::DUMMY
}

#[cfg(not(feature = "written"))]
fn sound() -> &'static [u8] {
    outcrop::bundled_plugin()
}

/// A component of random code, where this build can write one.
fn written(input: &mut Unstructured<'_>) -> Option<Vec<u8>> {
    #[cfg(feature = "written")]
    return written::component(input);
    #[cfg(not(feature = "written"))]
    return Some(changed(input));
}
