//! The request that the arguments of `chat` ask for.

use std::path::{Path, PathBuf};

use outcrop::Request;
use outcrop::request::{Content, Media, MediaKind, Message, Tool};

use crate::args::ChatArgs;
use crate::failure::Failure;
use crate::input;

/// Reads the files, and standard input where the arguments ask for it. Where neither arguments nor a request name
/// a model, it is the default one, or the reason why there is none.
pub(crate) fn request(args: &ChatArgs, default_model: Result<String, Failure>) -> Result<Request, Failure> {
    if args.prompt.as_ref().is_some_and(input::is_dash) && args.request.as_ref().is_some_and(input::is_dash) {
        return Err(Failure::usage("PROMPT and --request cannot both be standard input"));
    }
    let mut request = start(args)?;
    apply(args, default_model, &mut request)?;
    request.messages.extend(turn(args)?);
    if request.messages.is_empty() {
        return Err(Failure::usage("/messages: is missing or empty, and there is no PROMPT"));
    }
    Ok(request)
}

/// What `--request` gives.
fn start(args: &ChatArgs) -> Result<Request, Failure> {
    let Some(path) = &args.request else { return Ok(Request::default()) };
    let (name, text) = match path {
        path if input::is_dash(path) => ("standard input".to_owned(), input::stdin()?),
        path => (path.display().to_string(), input::file(path)?),
    };
    Request::draft_from_json(&text).map_err(|error| in_file(&name, error))
}

/// Puts the options over it.
fn apply(
    args: &ChatArgs,
    default_model: Result<String, Failure>,
    request: &mut Request,
) -> Result<(), Failure> {
    if let Some(model) = &args.model {
        request.model.clone_from(model);
    }
    if request.model.is_empty() {
        request.model = default_model?;
    }
    if let Some(system) = &args.system {
        request.system = vec![Content::text(system)];
    }
    if let Some(path) = &args.tools {
        let name = path.display().to_string();
        request.tools = Tool::list_from_json(&input::file(path)?).map_err(|error| in_file(&name, error))?;
    }
    if let Some(choice) = &args.tool_choice {
        request.tool_choice = choice.clone();
    }
    if !args.stop.is_empty() {
        request.stop_sequences.clone_from(&args.stop);
    }
    request.max_tokens = args.max_tokens.or(request.max_tokens);
    request.temperature = args.temperature.or(request.temperature);
    request.top_p = args.top_p.or(request.top_p);
    request.effort = args.effort.or(request.effort);
    let timeouts = &mut request.timeouts;
    timeouts.first_content = args.timeout_first_content.or(timeouts.first_content);
    timeouts.silence = args.timeout_silence.or(timeouts.silence);
    timeouts.total = args.timeout_total.or(timeouts.total);
    Ok(())
}

/// The turn that PROMPT, `--image` and `--document` make; none where a whole request is given without.
fn turn(args: &ChatArgs) -> Result<Option<Message>, Failure> {
    let from_stdin = match &args.prompt {
        Some(prompt) => input::is_dash(prompt),
        None => args.request.is_none(),
    };
    let prompt = match &args.prompt {
        _ if from_stdin => Some(prompt_from_stdin(args)?),
        prompt => prompt.clone(),
    };
    let Some(prompt) = prompt else {
        return match args.image.first().or(args.document.first()) {
            Some(_) => Err(Failure::usage("--image and --document beside --request need a PROMPT")),
            None => Ok(None),
        };
    };
    if prompt.trim().is_empty() {
        return Err(Failure::usage("the prompt is empty"));
    }
    // What is shown stands before what is asked about it: models answer better so.
    let mut content = media(&args.document, MediaKind::Document)?;
    content.extend(media(&args.image, MediaKind::Image)?);
    content.push(Content::Text(prompt));
    Ok(Some(Message::user(content)))
}

fn prompt_from_stdin(args: &ChatArgs) -> Result<String, Failure> {
    if args.prompt.is_none() && !input::stdin_is_piped() {
        return Err(Failure::usage_with_remedy(
            "there is no prompt",
            "give it as an argument, or on standard input",
        ));
    }
    let text =
        String::from_utf8(input::stdin()?).map_err(|_| Failure::usage("standard input is not UTF-8 text"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn media(paths: &[PathBuf], kind: MediaKind) -> Result<Vec<Content>, Failure> {
    paths.iter().map(|path| one_media(path, kind).map(Content::Media)).collect()
}

fn one_media(path: &Path, kind: MediaKind) -> Result<Media, Failure> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let media =
        Media::from_file_bytes(&name, input::file(path)?).map_err(|error| Failure::Usage(Box::new(error)))?;
    if media.kind == kind {
        return Ok(media);
    }
    let (path, found, wanted) = (path.display(), media.kind.as_str(), kind.as_str());
    let message = format!("{path} holds no {wanted}: it is {} ({found})", media.format);
    Err(match media.kind {
        MediaKind::Image | MediaKind::Document => {
            Failure::usage_with_remedy(message, format!("give it as --{found}"))
        }
        _ => Failure::usage_with_remedy(message, "put it into a request; see docs/request.md"),
    })
}

fn in_file(name: &str, mut error: outcrop::Error) -> Failure {
    error.message = format!("{name}: {}", error.message);
    Failure::Usage(Box::new(error))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use outcrop::request::{Effort, ToolChoice};

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    fn message(result: Result<impl std::fmt::Debug, Failure>) -> String {
        match result {
            Err(Failure::Usage(error)) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }

    fn asking(prompt: &str) -> ChatArgs {
        ChatArgs { prompt: Some(prompt.to_owned()), model: Some("p/m".to_owned()), ..ChatArgs::default() }
    }

    fn asked(args: &ChatArgs) -> Result<Request, Failure> {
        request(args, Err(Failure::usage("no default")))
    }

    /// A folder with this file in it.
    fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    #[test]
    fn a_prompt_and_a_model() {
        assert_eq!(asked(&asking("hi")).unwrap(), Request::new("p/m").user("hi"));
    }

    #[test]
    fn the_model_comes_from_the_option_the_request_or_the_default() {
        let chosen = |option: Option<&str>, in_request: &str, default: Option<&str>| {
            let args = ChatArgs { model: option.map(str::to_owned), ..ChatArgs::default() };
            let mut request = Request::new(in_request);
            let default = default.map(str::to_owned).ok_or_else(|| Failure::usage("none"));
            apply(&args, default, &mut request).map(|()| request.model)
        };
        assert_eq!(chosen(Some("a"), "b", Some("c")).unwrap(), "a");
        assert_eq!(chosen(None, "b", Some("c")).unwrap(), "b");
        assert_eq!(chosen(None, "", Some("c")).unwrap(), "c");
        assert!(message(chosen(None, "", None)).contains("none"));
    }

    #[test]
    fn options_replace_members_and_a_prompt_is_added() {
        let (_folder, path) = file(
            "request.json",
            br#"{"model":"p/old","system":"old","messages":[{"role":"user","content":"first"}],
                "maxTokens":1,"temperature":0.1,"effort":"low","timeouts":{"totalMs":1,"silenceMs":7}}"#,
        );
        let args = ChatArgs {
            request: Some(path),
            system: Some("new".to_owned()),
            max_tokens: Some(2),
            effort: Some(Effort::High),
            tool_choice: Some(ToolChoice::Any),
            timeout_total: Some(Duration::from_secs(1)),
            ..asking("second")
        };
        let request = asked(&args).unwrap();
        assert_eq!(request.model, "p/m");
        assert_eq!(request.system, [Content::text("new")]);
        assert_eq!(request.messages.len(), 2);
        assert_eq!(request.messages[1], Message::user(vec![Content::text("second")]));
        assert_eq!((request.max_tokens, request.temperature), (Some(2), Some(0.1)));
        assert_eq!((request.effort, request.tool_choice), (Some(Effort::High), ToolChoice::Any));
        assert_eq!(request.timeouts.total, Some(Duration::from_secs(1)));
        assert_eq!(request.timeouts.silence, Some(Duration::from_millis(7)));
    }

    #[test]
    fn a_whole_request_needs_no_prompt() {
        let (_folder, path) =
            file("r.json", br#"{"model":"p/m","messages":[{"role":"user","content":"hi"}]}"#);
        let args = ChatArgs { request: Some(path), ..ChatArgs::default() };
        assert_eq!(asked(&args).unwrap(), Request::new("p/m").user("hi"));
    }

    #[test]
    fn files_come_before_the_prompt() {
        let (_folder, image) = file("a.png", PNG);
        let (_other, document) = file("b.md", b"# B");
        let request =
            asked(&ChatArgs { image: vec![image], document: vec![document], ..asking("hi") }).unwrap();
        let [Content::Media(first), Content::Media(second), Content::Text(prompt)] =
            &request.messages[0].content[..]
        else {
            panic!("{request:?}")
        };
        assert_eq!((first.format.as_str(), first.name.as_deref()), ("md", Some("b.md")));
        assert_eq!((second.format.as_str(), second.name.as_deref()), ("png", Some("a.png")));
        assert_eq!(prompt, "hi");
    }

    #[test]
    fn wrong_input_is_told() {
        let (_folder, bad) = file("bad.json", b"[{}]");
        let (_other, image) = file("a.png", PNG);
        let cases = [
            (asking("  \n"), "the prompt is empty"),
            (ChatArgs { request: Some("-".into()), ..asking("-") }, "cannot both be standard input"),
            (ChatArgs { request: Some("no/such".into()), ..asking("x") }, "no/such cannot be read: "),
            (
                ChatArgs { request: Some(bad.clone()), ..asking("x") },
                "bad.json: top level: expected an object",
            ),
            (ChatArgs { tools: Some(bad.clone()), ..asking("x") }, "bad.json: /0/name: is missing"),
            (
                ChatArgs { image: vec![bad], ..asking("x") },
                "bad.json holds no image: it is txt (document); give it as --document",
            ),
            (
                ChatArgs { document: vec![image.clone()], ..asking("x") },
                "a.png holds no document: it is png (image); give it as --image",
            ),
        ];
        for (args, expected) in cases {
            let told = message(asked(&args));
            assert!(told.contains(expected), "{told:?} does not contain {expected:?}");
        }

        let (_folder, draft) = file("draft.json", br#"{"model":"p/m"}"#);
        let without = ChatArgs { request: Some(draft.clone()), ..ChatArgs::default() };
        assert!(message(asked(&without)).starts_with("/messages: "));
        let shown = ChatArgs { request: Some(draft), image: vec![image], ..ChatArgs::default() };
        assert!(message(asked(&shown)).contains("need a PROMPT"));
    }
}
