//! Which kind and format bytes have: by their first bytes, their file name, or their label.

use bytes::Bytes;
use memchr::memmem;

use super::{Media, MediaKind};
use crate::{Error, ErrorClass, Result};

use MediaKind::{Audio, Document, Image, Video};

/// A format, the file name extensions it goes by (the first is the usual one) and its media types.
struct Format {
    kind: MediaKind,
    word: &'static str,
    extensions: &'static [&'static str],
    mimes: &'static [&'static str],
}

const fn format(
    kind: MediaKind,
    word: &'static str,
    extensions: &'static [&'static str],
    mimes: &'static [&'static str],
) -> Format {
    Format { kind, word, extensions, mimes }
}

/// What can be recognised. A provider may take more (name it as `format`) or less (it will say so).
const FORMATS: &[Format] = &[
    format(Image, "png", &["png"], &["image/png"]),
    format(Image, "jpeg", &["jpg", "jpeg"], &["image/jpeg", "image/jpg"]),
    format(Image, "gif", &["gif"], &["image/gif"]),
    format(Image, "webp", &["webp"], &["image/webp"]),
    format(Document, "pdf", &["pdf"], &["application/pdf"]),
    format(
        Document,
        "docx",
        &["docx"],
        &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
    ),
    format(Document, "doc", &["doc"], &["application/msword"]),
    format(
        Document,
        "xlsx",
        &["xlsx"],
        &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
    ),
    format(Document, "xls", &["xls"], &["application/vnd.ms-excel"]),
    format(Document, "csv", &["csv"], &["text/csv"]),
    format(Document, "html", &["html", "htm"], &["text/html"]),
    format(Document, "md", &["md", "markdown"], &["text/markdown"]),
    format(Document, "txt", &["txt"], &["text/plain"]),
    format(Video, "mp4", &["mp4"], &["video/mp4"]),
    format(Video, "mov", &["mov"], &["video/quicktime"]),
    format(Video, "mkv", &["mkv"], &["video/x-matroska"]),
    format(Video, "webm", &["webm"], &["video/webm"]),
    format(Video, "flv", &["flv"], &["video/x-flv"]),
    format(Video, "mpeg", &["mpeg", "mpg"], &["video/mpeg"]),
    format(Video, "wmv", &["wmv"], &["video/x-ms-wmv"]),
    format(Video, "three_gp", &["3gp"], &["video/3gpp"]),
    format(Audio, "mp3", &["mp3"], &["audio/mpeg", "audio/mp3"]),
    format(Audio, "wav", &["wav"], &["audio/wav", "audio/x-wav", "audio/wave"]),
    format(Audio, "flac", &["flac"], &["audio/flac"]),
    format(Audio, "ogg", &["ogg"], &["audio/ogg"]),
    format(Audio, "opus", &["opus"], &["audio/opus"]),
    format(Audio, "aac", &["aac"], &["audio/aac"]),
    format(Audio, "m4a", &["m4a"], &["audio/mp4", "audio/x-m4a"]),
    format(Audio, "mka", &["mka"], &["audio/x-matroska"]),
];

impl Media {
    /// The media that a file holds, recognised by its bytes (png, jpeg, gif, webp, pdf, docx, xlsx),
    /// else by the extension of its name. Any other UTF-8 text is a plain text document.
    ///
    /// # Errors
    ///
    /// [`ErrorClass::InvalidRequest`] for an empty file and for what is none of the known formats.
    pub fn from_file_bytes(name: &str, bytes: impl Into<Bytes>) -> Result<Self> {
        let data = bytes.into();
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        if data.is_empty() {
            return Err(Error::new(ErrorClass::InvalidRequest, format!("{name} is empty")));
        }
        let found = match format_of_bytes(&data).or_else(|| format_of_extension(name)) {
            // All images are recognised by their bytes: these say that the extension is wrong.
            Some((Image, _)) if format_of_bytes(&data).is_none() => None,
            None if is_text(&data) => Some((Document, "txt")),
            found => found,
        };
        let (kind, format) = found.ok_or_else(|| {
            Error::new(
                ErrorClass::InvalidRequest,
                format!("{name} is in none of the known formats"),
            )
            .with_remedy(format!(
                "convert it to one of: {} (image); {}, or any UTF-8 text (document); {} (video); {} (audio)",
                words(Image),
                words(Document),
                words(Video),
                words(Audio),
            ))
        })?;
        Ok(Self { name: Some(name.to_owned()), ..Self::new(kind, format, data) })
    }
}

/// What the first bytes say, for the formats that announce themselves.
pub(super) fn format_of_bytes(bytes: &[u8]) -> Option<(MediaKind, &'static str)> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some((Image, "png")),
        [0xff, 0xd8, 0xff, ..] => Some((Image, "jpeg")),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some((Image, "gif")),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some((Image, "webp")),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some((Document, "pdf")),
        [b'P', b'K', 3, 4, ..] => office_format(bytes).map(|format| (Document, format)),
        _ => None,
    }
}

/// The office format of a zip archive: its entries' names stand in it as they are. Where both are
/// found, the later one is embedded in the other.
fn office_format(zip: &[u8]) -> Option<&'static str> {
    let word = memmem::find(zip, b"word/document.xml").map(|at| (at, "docx"));
    let excel = memmem::find(zip, b"xl/workbook.xml").map(|at| (at, "xlsx"));
    word.into_iter().chain(excel).min().map(|(_, format)| format)
}

/// What the extension of a file name says.
pub(super) fn format_of_extension(name: &str) -> Option<(MediaKind, &'static str)> {
    let (_, extension) = name.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    let format = FORMATS.iter().find(|format| format.extensions.contains(&extension.as_str()))?;
    Some((format.kind, format.word))
}

/// What a media type says, its parameters (`; charset=utf-8`) left aside.
pub(super) fn format_of_mime(mime: &str, kind: MediaKind) -> Option<&'static str> {
    let essence = mime.split(';').next().unwrap_or(mime).trim().to_ascii_lowercase();
    let of_kind = FORMATS.iter().filter(|format| format.kind == kind);
    of_kind.into_iter().find(|format| format.mimes.contains(&essence.as_str())).map(|format| format.word)
}

/// The usual word for a format that someone named: `jpg` is `jpeg`. An unknown word is passed on;
/// whether it can be used is the provider's to say.
pub(super) fn format_of_label(label: &str, kind: MediaKind) -> String {
    let label = label.to_ascii_lowercase();
    let named = |format: &&Format| {
        format.kind == kind && (format.word == label || format.extensions.contains(&label.as_str()))
    };
    FORMATS.iter().find(named).map_or(label.clone(), |format| format.word.to_owned())
}

/// The known media types of a kind.
pub(super) fn mimes(kind: MediaKind) -> impl Iterator<Item = &'static str> {
    let of_kind = FORMATS.iter().filter(move |format| format.kind == kind);
    of_kind.flat_map(|format| format.mimes.iter().copied())
}

fn words(kind: MediaKind) -> String {
    let of_kind = FORMATS.iter().filter(|format| format.kind == kind);
    of_kind.map(|format| format.extensions[0]).collect::<Vec<_>>().join(", ")
}

fn is_text(bytes: &[u8]) -> bool {
    let prints = |letter: char| !letter.is_control() || letter.is_whitespace();
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(prints))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognised() {
        let docx: &[u8] = b"PK\x03\x04....[Content_Types].xml....word/document.xml....xl/workbook.xml";
        let xlsx: &[u8] = b"PK\x03\x04....[Content_Types].xml....xl/workbook.xml";
        let cases: [(&str, &[u8], MediaKind, &str); 14] = [
            ("a.png", b"\x89PNG\r\n\x1a\n", Image, "png"),
            ("a.png", b"\xff\xd8\xff\xe0", Image, "jpeg"),
            ("a", b"GIF89a", Image, "gif"),
            ("a", b"RIFF\0\0\0\0WEBPVP8 ", Image, "webp"),
            ("a", b"%PDF-1.7", Document, "pdf"),
            ("a.zip", docx, Document, "docx"),
            ("a", xlsx, Document, "xlsx"),
            ("a.DOC", b"\xd0\xcf\x11\xe0", Document, "doc"),
            ("a.htm", b"<p>", Document, "html"),
            ("a.csv", b"1,2", Document, "csv"),
            ("main.rs", b"fn main() {}", Document, "txt"),
            ("Makefile", b"all:", Document, "txt"),
            ("a.3gp", b"\0\0\0\x18ftyp", Video, "three_gp"),
            ("a.mp3", b"\xff\xfb", Audio, "mp3"),
        ];
        for (name, bytes, kind, format) in cases {
            let media = Media::from_file_bytes(name, bytes).unwrap();
            assert_eq!((media.kind, media.format.as_str()), (kind, format), "{name}");
        }
    }

    #[test]
    fn a_name_is_kept_without_its_folder() {
        for path in ["/home/me/notes.txt", "C:\\me\\notes.txt", "notes.txt"] {
            let media = Media::from_file_bytes(path, &b"hi"[..]).unwrap();
            assert_eq!(media.name.as_deref(), Some("notes.txt"));
        }
    }

    #[test]
    fn what_is_not_recognised_is_refused_with_the_list() {
        for (name, bytes) in
            [("a.bin", &b"\0\x01"[..]), ("a.png", b"\0\0\0\x18ftypheic"), ("a.zip", b"PK\x03\x04")]
        {
            let error = Media::from_file_bytes(name, bytes).unwrap_err();
            assert_eq!(error.class, ErrorClass::InvalidRequest);
            let said = error.to_string();
            assert!(said.starts_with(&format!("{name} is in none of the known formats; ")), "{said}");
            assert!(said.contains("png, jpg, gif, webp (image); pdf, docx,"), "{said}");
        }
        assert_eq!(Media::from_file_bytes("a.png", Bytes::new()).unwrap_err().message, "a.png is empty");
    }
}
