//! `cargo xtask up`: build what changed, then become the gateway.
//!
//! On Unix this process is replaced by the gateway, so Ctrl-C and SIGTERM reach it directly and its exit code is ours.

use std::{
    env,
    net::TcpListener,
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    http,
    project::{self, Project},
    site::{self, Flavour},
    steps::{seconds, timed},
};

/// How long a gateway may take to answer before the announcer gives up.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(crate) struct UpArgs {
    /// Open the garden in a browser once it answers.
    #[arg(long)]
    open: bool,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Debug builds of the page and the gateway: quicker to build, slower to run.
    #[arg(long)]
    debug: bool,
    /// Passed on to `terrarium serve`.
    #[arg(last = true)]
    extra: Vec<String>,
}

#[derive(Args)]
pub(crate) struct AnnounceArgs {
    #[arg(long)]
    host: String,
    #[arg(long)]
    port: u16,
    #[arg(long)]
    open: bool,
}

/// Site, gateway, start. Returns only when the gateway could not be started (on Unix).
pub(crate) fn run(project: &Project, args: &UpArgs) -> Result<ExitCode> {
    let start = Instant::now();
    // Looked at first: nobody wants to wait for a build to learn that the port is taken.
    let port = choose_port(&args.host, args.port)?;
    let flavour = if args.debug { Flavour::Debug } else { Flavour::Release };
    site::build(project, flavour)?;
    let binary = build_gateway(project, flavour)?;
    println!("▸ starting the gateway ({} after the command)", seconds(start.elapsed()));
    announce_later(&args.host, port, args.open);

    let mut gateway = Command::new(&binary);
    gateway.arg("serve").args(["--host", &args.host, "--port", &port.to_string()]);
    gateway.arg("--watch").arg(&project.root).args(&args.extra);
    become_process(gateway).with_context(|| format!("{} could not be started", binary.display()))
}

/// Builds the `terrarium` binary with the site inside and returns its path.
pub(crate) fn build_gateway(project: &Project, flavour: Flavour) -> Result<PathBuf> {
    let (heading, profile, folder) = match flavour {
        Flavour::Release => ("gateway: compile (release)", "release", "release"),
        Flavour::Debug => ("gateway: compile (debug)", "dev", "debug"),
    };
    timed(heading, || {
        let mut build = project.cargo(["build", "-p", "terrarium", "--bin", "terrarium", "--profile", profile]);
        project::run(build.env("TERRARIUM_SITE_DIR", project.site()))
    })?;
    Ok(project.binary(folder))
}

/// Waits for `/healthz`, says where the garden is, opens it when asked. Silent when the gateway never comes:
/// it has told the user why by then.
pub(crate) fn announce(args: &AnnounceArgs) -> ExitCode {
    let host = reachable(&args.host);
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if http::get(host, args.port, "/healthz", None).is_ok_and(|answer| answer.status == 200) {
            let shown = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            let url = format!("http://{shown}:{}/", args.port);
            println!("▸ the garden is at {url}  (Ctrl-C stops it)");
            if args.open && open(&url).is_err() {
                println!("  no browser could be opened from here; please open that address yourself");
            }
            return ExitCode::SUCCESS;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    ExitCode::FAILURE
}

fn choose_port(host: &str, port: u16) -> Result<u16> {
    if port == 0 {
        return http::free_port(host);
    }
    if let Err(error) = TcpListener::bind((host, port)) {
        bail!(
            "the gateway cannot listen on {host}:{port}: {error}.\n  \
             Perhaps another one runs already? Stop it, or take another port:  cargo xtask up --port 0"
        );
    }
    Ok(port)
}

/// Starts the announcer two processes away, so that it is nobody's zombie once this process has become the gateway.
#[cfg(unix)]
fn announce_later(host: &str, port: u16, open: bool) {
    let Ok(this) = env::current_exe() else { return };
    let mut shell = Command::new("sh");
    shell.args(["-c", r#""$0" "$@" &"#]).arg(this);
    shell.args(["announce", "--host", host, "--port", &port.to_string()]).args(open.then_some("--open"));
    let _ = shell.stdin(Stdio::null()).status();
}

#[cfg(not(unix))]
fn announce_later(host: &str, port: u16, open: bool) {
    let Ok(this) = env::current_exe() else { return };
    let mut announcer = Command::new(this);
    announcer.args(["announce", "--host", host, "--port", &port.to_string()]).args(open.then_some("--open"));
    let _ = announcer.stdin(Stdio::null()).spawn();
}

#[cfg(unix)]
fn become_process(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn become_process(mut command: Command) -> Result<ExitCode> {
    let status = command.status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// "Every address" is a place to listen, not one to call.
fn reachable(host: &str) -> &str {
    match host {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        other => other,
    }
}

fn open(url: &str) -> Result<()> {
    let opener = match env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    Command::new(opener).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(())
}
