//! The arguments, and what `--help` says of them.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use outcrop::config::KeyPath;
use outcrop::request::{Effort, ToolChoice};

const EXAMPLES: &str = "\
Examples:
  outcrop models list
  outcrop chat --model amazon-bedrock/amazon.nova-micro-v1:0 \"What is an outcrop?\"
  git diff | outcrop chat --system \"Review this diff.\"
  outcrop chat --image photo.jpg \"What is in this picture?\"

Exit codes:
  0  done
  1  the service, the plugin or this program failed
  2  wrong arguments or input
  130  interrupted (Ctrl-C)";

const CHAT_EXAMPLES: &str = "\
Examples:
  export OUTCROP_MODEL=amazon-bedrock/amazon.nova-micro-v1:0
  outcrop chat \"What is an outcrop?\"
  outcrop chat --effort high --max-tokens 4000 \"Prove it.\" 2>/dev/null
  outcrop chat --document report.pdf --document notes.md \"Where do these two disagree?\"
  outcrop chat --tools tools.json --tool-choice any \"How warm is it in Oslo?\"
  outcrop chat --request request.json --json | jq -rj 'select(.type == \"text_delta\").delta'

The answer and its tool calls go to standard output, everything else to standard error.
The JSON of requests and events is described in docs/request.md.";

const LINT_HELP: &str = "\
Example:
  outcrop lint --model amazon-bedrock/us.amazon.nova-micro-v1:0 request.json

Sends nothing, and needs no credentials. Exits with 0 where the request could be sent, with 1 where no change makes
its model take it, and with 2 where it is no request.";

const COUNT_HELP: &str = "\
Example:
  outcrop count --json request.json | jq .input

Bedrock counts for some models, without charge; for others the number is estimated, and said to be.";

const AUTH_HELP: &str = "\
Prints no secret. Exits with 0 where there are credentials that AWS believes, and with 1 where there are not.";

const DOCTOR_HELP: &str = "\
Examples:
  outcrop doctor --model amazon-bedrock/us.amazon.nova-micro-v1:0
  outcrop doctor --policy --model amazon-bedrock/us.amazon.nova-micro-v1:0 > policy.json

Exits with 0 where nothing has failed and with 1 where something has.";

const LIST_EXAMPLES: &str = "\
Examples:
  outcrop models list --provider anthropic --provider amazon
  outcrop models list --all --region eu-west-1
  outcrop models list --json | jq -r '.models[] | select(.contextWindow > 500000).id'

A listing is fresh for an hour. An older one is shown at once, and refreshed before this ends.
`~` stands before limits that are not known for the model. Prices are US dollars for a million tokens.
The JSON is described in docs/models.md.";

/// Amazon Bedrock through a sandboxed plugin.
#[derive(Debug, Parser)]
#[command(name = "outcrop", version, after_help = EXAMPLES, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say more on standard error; repeat it for more (RUST_LOG is read where this is not given)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(flatten)]
    pub(crate) host: HostArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a model, and print its answer as it comes
    #[command(after_help = CHAT_EXAMPLES)]
    Chat(Box<ChatArgs>),
    /// Show what would be changed in a request so that its model takes it, and the body that would be sent
    #[command(after_help = LINT_HELP)]
    Lint(PreflightArgs),
    /// Count the input tokens of a request
    #[command(after_help = COUNT_HELP)]
    Count(PreflightArgs),
    /// The models on offer
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Show whose credentials are in use, and where they come from
    #[command(after_help = AUTH_HELP)]
    Auth {
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Find out what does not work, and what to do about it
    #[command(after_help = DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// The configuration file: look, change, check
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Plugins: components that speak to a provider
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Print the completions for a shell
    #[command(
        after_help = "Example:\n  outcrop completions bash > ~/.local/share/bash-completion/completions/outcrop"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the models that this AWS account and region offer
    #[command(after_help = LIST_EXAMPLES)]
    List(ModelsListArgs),
    /// Show all that is known of a model, and where each fact comes from
    #[command(after_help = "Example:\n  outcrop models show amazon-bedrock/us.amazon.nova-lite-v1:0")]
    Show {
        /// The model, as `outcrop models list` names it
        id: String,
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PreflightArgs {
    /// A request as in docs/request.md; `-` reads it from standard input
    pub(crate) file: PathBuf,
    /// The model, in place of the request's [default: OUTCROP_MODEL]
    #[arg(short, long, value_name = "ID")]
    pub(crate) model: Option<String>,
    /// As a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Call this model too, for one token [default: OUTCROP_MODEL, or the configured one; else none is called]
    #[arg(short, long, value_name = "ID")]
    pub(crate) model: Option<String>,
    /// As a JSON array
    #[arg(long, conflicts_with = "policy")]
    pub(crate) json: bool,
    /// Print the IAM policy that is needed, and nothing else
    #[arg(long)]
    pub(crate) policy: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ModelsListArgs {
    /// As a JSON object
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
    /// One id a line
    #[arg(long)]
    pub(crate) plain: bool,
    /// Show also what is not on offer, and why
    #[arg(long)]
    pub(crate) all: bool,
    /// Ask AWS, whatever is cached
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Only models of this maker, such as `anthropic`; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Vec<String>,
}

const CONFIG_EXAMPLES: &str = "\
Examples:
  outcrop config set models.bedrockDiscovery.enabled true
  outcrop config set 'agents.defaults.models[\"amazon-bedrock/ID\"].params.serviceTier' flex
  outcrop config unset models.bedrockDiscovery.region

All keys are described in docs/configuration.md.";

#[derive(Debug, Subcommand)]
#[command(after_help = CONFIG_EXAMPLES)]
pub(crate) enum ConfigCommand {
    /// Print which file is read
    Path,
    /// Print the value of a key as the file has it, keys and tokens as stars
    Get {
        /// Such as models.bedrockDiscovery.region
        key: KeyPath,
        /// As JSON, strings too
        #[arg(long)]
        json: bool,
    },
    /// Set a key; comments and order stay, and what would make the file wrong is refused
    #[command(after_help = CONFIG_EXAMPLES)]
    Set {
        /// Such as models.bedrockDiscovery.region
        key: KeyPath,
        /// JSON5, or else a string
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Take a key out
    Unset {
        /// Such as models.bedrockDiscovery.region
        key: KeyPath,
    },
    /// Tell everything that is wrong with the file
    #[command(after_help = "Exits with 0 where the file can be used and with 1 where it cannot.")]
    Check {
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of the keys that Outcrop reads
    Schema,
}

const PIN_EXAMPLES: &str = "\
Examples:
  outcrop plugin pin echo ./echo.wasm
  outcrop plugin pin echo

The component must fit the contract, and where the configuration has a `publicKey`, it must be signed. With a FILE the
entry `plugins.entries.NAME` is made, or changed. Nothing of the component is run.";

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Show what a component imports and exports, and whether it fits the contract
    #[command(after_help = "Exits with 0 where the component fits and with 1 where it does not.")]
    Inspect {
        /// A WebAssembly component
        file: PathBuf,
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show which plugins are loaded, on which terms, and how each stands
    #[command(after_help = "Exits with 0 where all of them take streams and with 1 where one does not.")]
    List {
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write the digest of a plugin's file into the configuration, so that no other is loaded
    #[command(after_help = PIN_EXAMPLES)]
    Pin {
        /// The plugin's name: how the ids of its models begin
        name: String,
        /// Its component; not needed where the configuration names it
        file: Option<PathBuf>,
    },
}

/// How to reach the service.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Host")]
pub(crate) struct HostArgs {
    /// The configuration file [default: OUTCROP_CONFIG, outcrop/config.json5 in the user's configuration folder,
    /// or OpenClaw's]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Use this component in place of the bundled one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) plugin: Option<PathBuf>,
    /// The AWS region [default: as the AWS configuration says]
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The profile of the AWS configuration files [default: as AWS_PROFILE says]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Send requests here and not to the region's endpoint
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct ChatArgs {
    /// What to say; `-`, or nothing at all where standard input is no terminal, reads it from there
    pub(crate) prompt: Option<String>,
    /// The model, as `outcrop models list` names it [default: OUTCROP_MODEL, or the configured one]
    #[arg(short, long, value_name = "ID")]
    pub(crate) model: Option<String>,
    /// Instructions for the model
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// Tokens of output, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_tokens: Option<u32>,
    /// Randomness: 0 to 1, for some models to 2
    #[arg(long, value_name = "X", value_parser = temperature)]
    pub(crate) temperature: Option<f64>,
    /// Nucleus sampling: 0 to 1
    #[arg(long, value_name = "X", value_parser = probability)]
    pub(crate) top_p: Option<f64>,
    /// End the answer before this text; may be repeated
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) stop: Vec<String>,
    /// How hard the model should think
    #[arg(long, value_name = "LEVEL", value_parser = effort())]
    pub(crate) effort: Option<Effort>,
    /// Tools the model may call: a JSON array as in a request
    #[arg(long, value_name = "FILE")]
    pub(crate) tools: Option<PathBuf>,
    /// Which tool it is to call: auto, any, none, or a tool's name
    #[arg(long, value_name = "CHOICE", value_parser = tool_choice)]
    pub(crate) tool_choice: Option<ToolChoice>,
    /// Show the model this image; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub(crate) image: Vec<PathBuf>,
    /// Show the model this document; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub(crate) document: Vec<PathBuf>,
    /// Start from a whole request as JSON (`-`: from standard input): other options replace its members,
    /// a PROMPT is added as another turn
    #[arg(short, long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// Where else to ask while the answer has not begun: another model's ID, profile:global, region:us-west-2, or
    /// fallbacks for the configured ones; may be repeated [default: as configured]
    #[arg(long, value_name = "WHERE")]
    pub(crate) fallback: Vec<String>,
    /// Print every event of the answer as a line of JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds until the answer must have begun
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout_first_content: Option<Duration>,
    /// Seconds for which the answer may pause
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout_silence: Option<Duration>,
    /// Seconds for the whole answer
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout_total: Option<Duration>,
}

fn effort() -> impl TypedValueParser<Value = Effort> {
    PossibleValuesParser::new(Effort::ALL.map(Effort::as_str))
        .try_map(|word| Effort::ALL.into_iter().find(|effort| effort.as_str() == word).ok_or("unknown level"))
}

fn tool_choice(word: &str) -> Result<ToolChoice, Infallible> {
    Ok(match word {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Any,
        "none" => ToolChoice::None,
        name => ToolChoice::Named(name.to_owned()),
    })
}

fn temperature(text: &str) -> Result<f64, &'static str> {
    number(text).filter(|number| (0.0..=2.0).contains(number)).ok_or("not a number from 0 to 2")
}

fn probability(text: &str) -> Result<f64, &'static str> {
    number(text).filter(|number| (0.0..=1.0).contains(number)).ok_or("not a number from 0 to 1")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    number(text)
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("not a number of seconds above 0")
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    fn chat(line: &str) -> Result<Box<ChatArgs>, ErrorKind> {
        let words = ["outcrop", "chat"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(words) {
            Ok(Cli { command: Command::Chat(args), .. }) => Ok(args),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn values_become_what_the_library_takes() {
        let args =
            chat("--effort xhigh --tool-choice look --timeout-total 1.5 --max-tokens 9 --stop a --stop b")
                .unwrap();
        assert_eq!(args.effort, Some(Effort::Xhigh));
        assert_eq!(args.tool_choice, Some(ToolChoice::Named("look".into())));
        assert_eq!(args.timeout_total, Some(Duration::from_millis(1500)));
        assert_eq!((args.max_tokens, args.stop.len()), (Some(9), 2));
        assert_eq!(chat("--tool-choice none").unwrap().tool_choice, Some(ToolChoice::None));
    }

    #[test]
    fn values_out_of_range_are_wrong_usage() {
        for line in [
            "--max-tokens 0",
            "--max-tokens 4294967296",
            "--temperature 2.1",
            "--temperature NaN",
            "--top-p=-1",
            "--effort hard",
            "--timeout-total 0",
            "--timeout-silence inf",
            "--stop=",
        ] {
            let kind = chat(line).unwrap_err();
            let expected = [ErrorKind::ValueValidation, ErrorKind::InvalidValue];
            assert!(expected.contains(&kind), "{line}: {kind}");
        }
    }

    #[test]
    fn host_options_stand_before_or_behind_the_command() {
        for line in ["outcrop --region eu-west-1 models list", "outcrop models list --region eu-west-1"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.host.region.as_deref(), Some("eu-west-1"));
        }
    }
}
