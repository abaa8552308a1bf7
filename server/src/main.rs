//! The `terrarium` command. Results go to stdout, the log to stderr; exit code 2 for what the user can correct.

use clap::{Parser, Subcommand};
use server::{
    Config, Gateway, VERSION,
    config::{Flags, LogFormat, Settings},
    purgatory_command::{self, PurgatoryVerb},
    token_command::{self, TokenVerb},
};
use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;

/// Live windows onto running agents.
///
/// Every flag is also a `TERRARIUM_<KEY>` variable and a key of the TOML file.
#[derive(Debug, Parser)]
#[command(name = "terrarium", version = VERSION)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Clone, Subcommand)]
enum Verb {
    /// Start the gateway; what happens when no command is given
    Serve,
    /// Print every effective setting and where it comes from
    Config,
    /// Make, list and revoke tokens, also while a gateway runs on the same data folder
    #[command(subcommand)]
    Token(TokenVerb),
    /// Check or print the log of decisions, also while a gateway runs on the same data folder
    #[command(subcommand)]
    Purgatory(PurgatoryVerb),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "terrarium: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let (config, settings) = Config::load(&cli.flags)?;
    match &cli.verb {
        Some(Verb::Config) => print(&settings),
        Some(Verb::Token(verb)) => {
            token_command::run(&config.data, verb, &mut std::io::stdout(), &mut std::io::stderr())?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Verb::Purgatory(verb)) => {
            let whole = purgatory_command::run(&config.data, verb, &mut std::io::stdout().lock())?;
            Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some(Verb::Serve) | None => serve(config),
    }
}

fn print(settings: &Settings) -> anyhow::Result<ExitCode> {
    write!(std::io::stdout(), "{settings}")?;
    Ok(ExitCode::SUCCESS)
}

fn serve(config: Config) -> anyhow::Result<ExitCode> {
    log_to_stderr(config.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let gateway = Gateway::open(config).await?;
        let everywhere = if gateway.addr().ip().is_unspecified() { " and every address of this machine" } else { "" };
        writeln!(std::io::stdout(), "Terrarium is at {}{everywhere}", gateway.url())?;
        writeln!(std::io::stdout(), "Sign in (once, within 15 minutes): {}", gateway.login_link())?;
        std::io::stdout().flush()?;
        let failed = tokio::select! {
            () = signals.next() => false,
            () = async { gateway.stopping().cancelled().await } => true,
        };
        tracing::info!("stopping; a second signal quits at once");
        let ended = tokio::select! {
            ended = gateway.shutdown() => ended,
            () = signals.next() => return Ok(ExitCode::FAILURE),
        };
        if let Err(still) = ended {
            tracing::warn!(%still, "stopped");
        }
        Ok::<_, anyhow::Error>(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    });
    // Whatever was abandoned is not waited for.
    runtime.shutdown_background();
    code
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal);
    let text = format == LogFormat::Text || (format == LogFormat::Auto && terminal);
    let set = if text { log.try_init() } else { log.json().try_init() };
    if let Err(error) = set {
        let _ = writeln!(std::io::stderr(), "terrarium: no log: {error}");
    }
}

/// SIGTERM and SIGINT; Ctrl-C where there are no signals.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
