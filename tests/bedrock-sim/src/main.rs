//! The Bedrock simulator as a program.

#![forbid(unsafe_code)]

use bedrock_sim::{
    AccessKey, Auth, DEFAULT_ACCESS_KEY, DEFAULT_BEARER_TOKEN, DEFAULT_SECRET_KEY, Operation, Simulator, Tls,
    rules, scenario_listing,
};
use clap::Parser;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// A Bedrock endpoint on loopback, for tests and benchmarks.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Speak TLS (HTTP/2 and HTTP/1.1 by ALPN) with a test authority.
    #[arg(long)]
    tls: bool,
    /// Where to write the authority's PEM, for SSL_CERT_FILE.
    #[arg(long, value_name = "PATH", requires = "tls")]
    ca_file: Option<PathBuf>,
    /// Offer HTTP/1.1 alone.
    #[arg(long, requires = "tls")]
    http1_only: bool,
    /// Believe everybody.
    #[arg(long)]
    no_auth: bool,
    /// The access key id to believe.
    #[arg(long, value_name = "ID", default_value = DEFAULT_ACCESS_KEY)]
    access_key: String,
    /// Its secret.
    #[arg(long, default_value = DEFAULT_SECRET_KEY)]
    secret: String,
    /// The bearer token to believe.
    #[arg(long, value_name = "TOKEN", default_value = DEFAULT_BEARER_TOKEN)]
    bearer: String,
    /// Answer every request of the recording's operation with it: a `.response.eventstream` or
    /// `.response.json`. May be given again for another operation.
    #[arg(long, value_name = "FILE")]
    replay: Vec<PathBuf>,
    /// The folder of recordings that the prompt `sim:replay NAME` reads.
    #[arg(long, value_name = "DIR")]
    recordings: Option<PathBuf>,
    /// How many HTTP/2 streams a connection may have open at once.
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_concurrent_streams: u32,
    /// Print the lines that point an AWS client here, to be evaluated by a shell.
    #[arg(long)]
    print_env: bool,
    /// Refuse what the real service would refuse for the model that is asked; see --list-rules.
    #[arg(long)]
    rules: bool,
    /// List the rules with what they refuse and where that is known from, and leave.
    #[arg(long)]
    list_rules: bool,
    /// List the scenarios and their parameters, and leave.
    #[arg(long)]
    list_scenarios: bool,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what a program does")]
#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if options.list_scenarios {
        print!("{}", scenario_listing());
        return ExitCode::SUCCESS;
    }
    if options.list_rules {
        print!("{}", rules::rule_listing());
        return ExitCode::SUCCESS;
    }
    match serve(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bedrock-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "scripts read the address and the environment from here")]
async fn serve(options: &Options) -> io::Result<()> {
    let simulator = start(options).await?;
    for file in &options.replay {
        let operation = bedrock_sim::recorded_operation(file)?;
        simulator.replay(operation.unwrap_or(Operation::ConverseStream), file)?;
    }
    if options.print_env {
        environment(options, &simulator).iter().for_each(|line| println!("export {line}"));
    }
    println!("listening on {}", simulator.endpoint());

    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

async fn start(options: &Options) -> io::Result<Simulator> {
    let auth = if options.no_auth {
        Auth::off()
    } else {
        Auth::none()
            .access_key(&options.access_key, AccessKey::new(&options.secret))
            .bearer_token(&options.bearer)
    };
    let mut builder = Simulator::builder()
        .port(options.port)
        .auth(auth)
        .max_concurrent_streams(options.max_concurrent_streams);
    if options.tls {
        let tls = if options.http1_only { Tls::default().http1_only() } else { Tls::default() };
        builder = builder.tls(match &options.ca_file {
            Some(path) => tls.ca_file(path),
            None => tls,
        });
    }
    if options.rules {
        builder = builder.enforce_rules();
    }
    if let Some(folder) = &options.recordings {
        builder = builder.recordings(folder);
    }
    builder.start().await
}

fn environment(options: &Options, simulator: &Simulator) -> Vec<String> {
    let endpoint = simulator.endpoint();
    let mut lines = vec![
        format!("AWS_ENDPOINT_URL_BEDROCK_RUNTIME={endpoint}"),
        format!("AWS_ENDPOINT_URL_BEDROCK={endpoint}"),
        format!("AWS_ACCESS_KEY_ID={}", options.access_key),
        format!("AWS_SECRET_ACCESS_KEY={}", options.secret),
        "AWS_REGION=us-east-1".to_owned(),
    ];
    lines.extend(simulator.ca_file().map(|file| format!("SSL_CERT_FILE={}", file.display())));
    lines
}
