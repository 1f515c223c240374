//! SigV4 recomputed from its description, on purpose without the SDK's signer.
//!
//! Only what a service needs to check a header-signed request: the canonical request, the string
//! to sign, the derived key. The path is encoded twice, as every service but S3 wants it.

use hmac::{Hmac, KeyInit, Mac};
use hyper::{HeaderMap, Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// The word that opens the Authorization header.
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The three fields of the Authorization header.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) credential: Credential,
    pub(crate) headers: Vec<String>,
    pub(crate) signature: String,
}

/// Who signed, and the scope of the derived key.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) access_key: String,
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Signed {
    /// Reads `Credential=.., SignedHeaders=.., Signature=..`; an error names what is missing.
    pub(crate) fn parse(fields: &str) -> Result<Self, &'static str> {
        let field = |name: &str| {
            fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let credential = field("Credential").ok_or("Credential")?;
        let mut parts = credential.rsplitn(5, '/');
        let mut part = || parts.next().map(str::to_owned).ok_or("Credential's scope");
        if part()? != "aws4_request" {
            return Err("Credential's terminator");
        }
        let (service, region, date, access_key) = (part()?, part()?, part()?, part()?);
        Ok(Self {
            credential: Credential { access_key, date, region, service },
            headers: field("SignedHeaders").ok_or("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature").ok_or("Signature")?.to_owned(),
        })
    }
}

/// The request as both sides write it down; an error names a signed header that is not there.
pub(crate) fn canonical_request(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    signed_headers: &[String],
    payload_hash: &str,
) -> Result<String, &'static str> {
    let path = utf8_percent_encode(uri.path(), RESERVED_IN_PATH);
    let mut request = format!("{method}\n{path}\n{}\n", canonical_query(uri));
    for name in signed_headers {
        let value = header_value(uri, headers, name).ok_or("a header that SignedHeaders names")?;
        request += &format!("{name}:{value}\n");
    }
    request += &format!("\n{}\n{payload_hash}", signed_headers.join(";"));
    Ok(request)
}

/// The signature as lower-case hexadecimal; `stamp` is the x-amz-date header.
pub(crate) fn signature(
    secret: &str,
    stamp: &str,
    credential: &Credential,
    canonical_request: &str,
) -> String {
    let Credential { date, region, service, .. } = credential;
    let hashed = sha256_hex(canonical_request.as_bytes());
    let to_sign = format!("{ALGORITHM}\n{stamp}\n{date}/{region}/{service}/aws4_request\n{hashed}");
    let key = [date.as_str(), region, service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part));
    hex(&hmac(&key, &to_sign))
}

pub(crate) fn sha256_hex(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

fn canonical_query(uri: &Uri) -> String {
    let encode = |text: &str| {
        let plain = percent_decode_str(text).decode_utf8_lossy();
        utf8_percent_encode(&plain, RESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = uri
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// All values of a header, trimmed, runs of spaces made one. Over HTTP/2 the host is in the URI.
fn header_value(uri: &Uri, headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    match (values.is_empty(), name) {
        (false, _) => Some(values.join(",")),
        (true, "host") => uri.authority().map(ToString::to_string),
        (true, _) => None,
    }
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// AWS's published examples: the one of the General Reference, and cases of the SigV4 test suite.
#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const STAMP: &str = "20150830T123600Z";
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn canonical(method: Method, uri: &str, headers: &[(&'static str, &str)]) -> String {
        let uri: Uri = uri.parse().expect("a URI");
        let names: Vec<String> = headers.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a header value"));
        }
        canonical_request(&method, &uri, &map, &names, EMPTY).expect("all headers are there")
    }

    fn signed(service: &str, canonical_request: &str) -> String {
        let credential = Credential {
            access_key: "AKIDEXAMPLE".to_owned(),
            date: "20150830".to_owned(),
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
        };
        signature(SECRET, STAMP, &credential, canonical_request)
    }

    #[test]
    fn list_users_of_the_general_reference() {
        let request = canonical(
            Method::GET,
            "/?Version=2010-05-08&Action=ListUsers",
            &[
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                ("host", "iam.amazonaws.com"),
                ("x-amz-date", STAMP),
            ],
        );
        assert_eq!(
            sha256_hex(request.as_bytes()),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
        );
        assert_eq!(
            signed("iam", &request),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn the_test_suite() {
        let plain = [("host", "example.amazonaws.com"), ("x-amz-date", STAMP)];
        let cases = [
            (Method::GET, "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (Method::POST, "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                Method::GET,
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
        ];
        for (method, uri, expected) in cases {
            assert_eq!(signed("service", &canonical(method, uri, &plain)), expected, "{uri}");
        }
    }

    #[test]
    fn values_are_trimmed_and_joined() {
        let request = canonical(
            Method::GET,
            "/",
            &[("host", "example.amazonaws.com"), ("my-header1", " value1  a \t b ")],
        );
        assert!(request.contains("\nmy-header1:value1 a b\n"), "{request}");
    }

    #[test]
    fn a_path_that_is_encoded_is_encoded_again() {
        let request = canonical(Method::GET, "/model/a.b-v1%3A0/converse", &[("host", "h")]);
        assert!(request.starts_with("GET\n/model/a.b-v1%253A0/converse\n"), "{request}");
    }

    #[test]
    fn the_authorization_header_is_read() {
        let fields = "Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                      SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79";
        let signed = Signed::parse(fields).expect("whole");
        assert_eq!(signed.credential.access_key, "AKIDEXAMPLE");
        assert_eq!(signed.credential.region, "us-east-1");
        assert_eq!(signed.headers, ["content-type", "host", "x-amz-date"]);
        assert_eq!(signed.signature, "5d672d79");
        assert!(Signed::parse("Credential=AKID/20150830/us-east-1/iam").is_err());
    }
}
