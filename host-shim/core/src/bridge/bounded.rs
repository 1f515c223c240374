//! How much of an answer is read that the SDK takes as a whole: it would read until memory ends.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame};

/// Of a success that is no stream: a listing, or an answer told at once. More would not cross to the plugin.
pub(crate) const MOST_WHOLE_BYTES: usize = 32 << 20;

/// A success with more than that.
#[derive(Debug, thiserror::Error)]
#[error("the endpoint answered with more than {} MiB", MOST_WHOLE_BYTES >> 20)]
struct TooLong;

/// Fails where a success is longer than any that Bedrock gives.
pub(crate) fn whole(body: SdkBody) -> SdkBody {
    SdkBody::from_body_1_x(Bounded { body, left: MOST_WHOLE_BYTES, fails: true })
}

/// Ends an error's body after so many bytes: its status and its headers say what it is.
pub(crate) fn beginning(body: SdkBody, bytes: usize) -> SdkBody {
    SdkBody::from_body_1_x(Bounded { body, left: bytes, fails: false })
}

struct Bounded {
    body: SdkBody,
    left: usize,
    fails: bool,
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.left == 0 && !self.fails {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            let mut data = match frame?.into_data() {
                Ok(data) => data,
                Err(trailers) => return Ok(trailers),
            };
            if data.len() > self.left && self.fails {
                return Err(TooLong.into());
            }
            data.truncate(self.left);
            self.left -= data.len();
            Ok(Frame::data(data))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a body without end, or why it is not.
    fn read(bounded: impl Fn(SdkBody) -> SdkBody) -> Result<usize, String> {
        struct Endless(usize);

        impl Body for Endless {
            type Data = Bytes;
            type Error = std::convert::Infallible;

            fn poll_frame(
                mut self: Pin<&mut Self>,
                _: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
                self.0 += 1;
                assert!(self.0 < 10_000, "it is read on and on");
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 10_007])))))
            }
        }

        let mut body = bounded(SdkBody::from_body_1_x(Endless(0)));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut bytes = 0;
        loop {
            match Pin::new(&mut body).poll_frame(&mut context) {
                Poll::Ready(Some(Ok(frame))) => bytes += frame.into_data().map_or(0, |data| data.len()),
                Poll::Ready(Some(Err(error))) => return Err(error.to_string()),
                Poll::Ready(None) => return Ok(bytes),
                Poll::Pending => panic!("it never waits"),
            }
        }
    }

    #[test]
    fn an_answer_without_end_is_refused_and_an_error_is_cut() {
        assert_eq!(read(whole), Err("the endpoint answered with more than 32 MiB".to_owned()));
        assert_eq!(read(|body| beginning(body, 70_000)), Ok(70_000));
    }
}
