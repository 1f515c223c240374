//! The one place that writes to standard output and standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Stderr, StdoutLock, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use outcrop::Event;

/// The few styles in use.
pub(crate) mod style {
    use anstyle::{AnsiColor, Style};

    pub(crate) const BOLD: Style = Style::new().bold();
    pub(crate) const DIM: Style = Style::new().dimmed();
    pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
    pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
    pub(crate) const RED: Style = AnsiColor::Red.on_default();
    pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
}

/// Where to write to, and what it can show.
#[derive(Debug)]
pub(crate) struct Channel<W> {
    writer: W,
    colour: bool,
    terminal: bool,
}

impl Channel<StdoutLock<'static>> {
    /// Standard output, locked: nothing else in this process writes there.
    pub(crate) fn stdout() -> Self {
        Self::detect(io::stdout().lock())
    }
}

impl Channel<Stderr> {
    /// Standard error, locked for each write only: log lines of other threads go there too.
    pub(crate) fn stderr() -> Self {
        Self::detect(io::stderr())
    }
}

impl<W: Write> Channel<W> {
    pub(crate) fn new(writer: W, colour: bool, terminal: bool) -> Self {
        Self { writer, colour, terminal }
    }

    fn detect(writer: W) -> Self
    where
        W: anstream::stream::RawStream + IsTerminal,
    {
        let colour = AutoStream::choice(&writer) != ColorChoice::Never;
        let terminal = IsTerminal::is_terminal(&writer);
        Self::new(writer, colour, terminal)
    }

    /// Writes text in a style.
    pub(crate) fn write(&mut self, style: Style, text: &str) -> io::Result<()> {
        let text = self.safe(text);
        if !self.colour || style.is_plain() {
            return self.writer.write_all(text.as_bytes());
        }
        // In one piece, so that nothing of another thread comes out in this style.
        let styled = format!("{style}{text}{style:#}");
        self.writer.write_all(styled.as_bytes())
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.write(Style::new(), &format!("{text}\n"))
    }

    /// Writes a line in a style.
    pub(crate) fn styled_line(&mut self, style: Style, text: &str) -> io::Result<()> {
        self.write(style, text)?;
        self.write(Style::new(), "\n")
    }

    /// Writes an event as a line of JSON, and sees it off.
    pub(crate) fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.writer.write_all(&line)?;
        self.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// What a model, a service or a plugin says must not steer the terminal: it could hide text, or
    /// write to the clipboard. In a file or a pipe the text stays as it is.
    fn safe<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let steers = |letter: char| letter.is_control() && letter != '\n' && letter != '\t';
        if !self.terminal || !text.contains(steers) {
            return Cow::Borrowed(text);
        }
        let mut safe = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '\r' => {}
                letter if steers(letter) => safe.extend(letter.escape_default()),
                letter => safe.push(letter),
            }
        }
        Cow::Owned(safe)
    }

    #[cfg(test)]
    pub(crate) fn into_inner(self) -> W {
        self.writer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(colour: bool, terminal: bool, style: Style, text: &str) -> String {
        let mut channel = Channel::new(Vec::new(), colour, terminal);
        channel.write(style, text).unwrap();
        String::from_utf8(channel.into_inner()).unwrap()
    }

    #[test]
    fn style_only_where_it_shows() {
        assert_eq!(written(true, true, style::DIM, "hm"), "\u{1b}[2mhm\u{1b}[0m");
        assert_eq!(written(false, true, style::DIM, "hm"), "hm");
        assert_eq!(written(true, true, Style::new(), "hm"), "hm");
    }

    #[test]
    fn foreign_text_does_not_steer_the_terminal() {
        let hostile = "a\u{1b}]52;c;x\u{7}b\r\n\tc\u{9b}31m";
        assert_eq!(written(false, true, Style::new(), hostile), "a\\u{1b}]52;c;x\\u{7}b\n\tc\\u{9b}31m");
        assert_eq!(written(false, false, Style::new(), hostile), hostile);
    }

    #[test]
    fn an_event_is_a_line() {
        let mut channel = Channel::new(Vec::new(), true, true);
        channel.event(&Event::TextDelta { content_index: 0, delta: "a\nb".into() }).unwrap();
        let line = String::from_utf8(channel.into_inner()).unwrap();
        assert_eq!(line, "{\"type\":\"text_delta\",\"contentIndex\":0,\"delta\":\"a\\nb\"}\n");
    }
}
