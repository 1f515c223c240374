//! The functions called as C calls them, so far as no host is needed: what is unsafe in this crate goes through here,
//! and `make miri` has it interpreted.

use std::ffi::c_char;
use std::ptr;

use outcrop::Event;

use crate::error::*;
use crate::event::*;
use crate::handles::{self, outcrop_error, outcrop_event};
use crate::options::*;
use crate::status::outcrop_status::{self, *};
use crate::strings::outcrop_str;

/// A view, read as its comment in the header allows.
fn read(text: outcrop_str) -> Option<String> {
    if text.data.is_null() {
        return None;
    }
    // SAFETY: the caller has not freed the handle that the view belongs to.
    let bytes = unsafe { std::slice::from_raw_parts(text.data.cast::<u8>(), text.len) };
    Some(std::str::from_utf8(bytes).expect("UTF-8").to_owned())
}

/// The status and message of a call that is given a place for its error.
fn told(call: impl FnOnce(*mut *mut outcrop_error) -> outcrop_status) -> (outcrop_status, String) {
    let mut error = ptr::null_mut();
    let status = call(&raw mut error);
    if status == OUTCROP_OK {
        assert!(error.is_null(), "no error where there is none");
        return (status, String::new());
    }
    assert_eq!(outcrop_error_status(error), status);
    let message = read(outcrop_error_message(error)).expect("a message");
    assert_eq!(read(outcrop_error_provider_code(error)), None);
    assert_eq!((outcrop_error_http_status(error), outcrop_error_retry_after_ms(error)), (0, -1));
    assert!(!outcrop_error_delivered(error) && !outcrop_error_retryable(error));
    outcrop_error_free(error);
    assert_eq!(outcrop_error_status(error), OUTCROP_INVALID_HANDLE, "it is freed");
    assert_eq!(read(outcrop_error_message(error)), None);
    outcrop_error_free(error);
    (status, message)
}

#[test]
fn options_take_text_and_numbers_and_tell_what_is_wrong() {
    let options = outcrop_options_new();
    let text = |name: (*const c_char, usize), value: (*const c_char, usize)| {
        // SAFETY: each pointer is NULL or of a literal of that length; the place for the error outlives the call.
        told(|error| unsafe { outcrop_options_set_text(options, name.0, name.1, value.0, value.1, error) })
    };
    let of = |text: &'static [u8]| (text.as_ptr().cast::<c_char>(), text.len());
    let nothing = (ptr::null(), 0);
    assert_eq!(text(of(b"region"), of(b"eu-west-1")).0, OUTCROP_OK);
    assert_eq!(text(of(b"profile"), nothing).0, OUTCROP_OK, "NULL with no length is empty");
    for (name, value, said) in [
        ((ptr::null(), 7), of(b"x"), "NULL"),
        (of(b"region"), (ptr::null(), 7), "NULL"),
        (of(b"region"), of(b"\xff"), "UTF-8"),
        (of(b"region"), (of(b"x").0, usize::MAX), "bytes long"),
        (of(b"no such"), of(b"x"), "no such option"),
        (of(b"guardrail"), of(b"{"), "JSON"),
    ] {
        let (status, message) = text(name, value);
        assert_eq!(status, OUTCROP_INVALID_ARGUMENT, "{message}");
        assert!(message.contains(said), "{message}");
    }

    let name = of(b"attempts");
    // SAFETY: the name is a literal of that length, and no error is asked for.
    let status = unsafe { outcrop_options_set_number(options, name.0, name.1, 3, ptr::null_mut()) };
    assert_eq!(status, OUTCROP_OK);
    // SAFETY: as above; no handle is read through, NULL is refused.
    let status = unsafe { outcrop_options_set_number(ptr::null(), name.0, name.1, 3, ptr::null_mut()) };
    assert_eq!(status, OUTCROP_INVALID_ARGUMENT);
    // SAFETY: no callback, so nothing is called.
    let status = unsafe { outcrop_options_set_log(options, 3, None, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(status, OUTCROP_OK);

    outcrop_options_free(options);
    outcrop_options_free(options);
    outcrop_options_free(ptr::null_mut());
    assert_eq!(text(of(b"region"), of(b"x")).0, OUTCROP_INVALID_HANDLE);
}

#[test]
fn a_place_that_is_crooked_is_not_written_to() {
    let options = outcrop_options_new();
    let mut places = [ptr::null_mut::<outcrop_error>(); 2];
    let crooked = places.as_mut_ptr().cast::<u8>().wrapping_add(1).cast();
    let name = c"no such";
    // SAFETY: the name is that long; the place is within an array that outlives the call.
    let status = unsafe { outcrop_options_set_number(options, name.as_ptr(), 7, 1, crooked) };
    assert_eq!(status, OUTCROP_INVALID_ARGUMENT);
    assert!(places.iter().all(|place| place.is_null()));
    outcrop_options_free(options);
}

#[test]
fn views_of_an_event_last_as_long_as_it() {
    let event = Event::TextDelta { content_index: 3, delta: "Hélló".into() };
    let event: *mut outcrop_event = handles::enter(EventObject::new(event));
    assert_eq!(outcrop_event_get_kind(event), outcrop_event_kind::OUTCROP_EVENT_TEXT_DELTA);
    let (delta, json) = (outcrop_event_delta(event), outcrop_event_json(event));
    assert_eq!(outcrop_event_index(event), 3);
    // Read after other calls: nothing moves what a view shows.
    assert_eq!(read(delta).as_deref(), Some("Hélló"));
    assert!(read(json).expect("JSON").contains("\"text_delta\""));
    assert_eq!(outcrop_event_json(event).data, json.data, "written once");
    outcrop_event_free(event);
    assert_eq!(read(outcrop_event_delta(event)), None);
    outcrop_event_free(event);
}
