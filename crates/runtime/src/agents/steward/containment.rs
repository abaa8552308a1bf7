//! What keeps a snippet in on this machine, and how it is started so.
//!
//! It owns the list of ways from the strictest to the loosest; the first one that works here, tried with a real process, is
//! taken, and said. The programs that do it come with every Linux (util-linux). It never claims what it did not try.

use super::run::{self, Language, Snippet, Workplace};
use crate::agent::AgentError;
use prism::JsonSchema;
use serde::Serialize;
use std::{
    env,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
};

/// The number of the user `nobody`, and of its group.
pub(super) const NOBODY: u32 = 65534;
/// Where programs are looked for, by us and by the snippet.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The language that programs speak.
const LANG: &str = "C.UTF-8";
/// Most memory of one process, in bytes.
const MEMORY_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Largest file, in bytes.
const FILE_MAX: u64 = 64 * 1024 * 1024;
/// Most open files of one process.
const OPEN_FILES_MAX: u32 = 256;
/// Most processes and threads at once.
const PROCESSES_MAX: u32 = 64;
/// How long trying a way out may take, in seconds.
const TRIAL_S: u32 = 5;
/// What is run in a process namespace as its first process: it waits for the snippet, and everything ends with it.
const FIRST: &str = r#""$@"; exit "$?""#;

/// What keeps a snippet in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Containment {
    /// What it reaches.
    pub network: Network,
    /// What is killed at its end.
    pub processes: Processes,
    /// Whose rights it has.
    pub user: User,
    /// What it may read and write.
    pub files: Files,
    /// Whether programs such as `sudo` may give it more rights.
    pub may_gain_rights: bool,
    /// What it may use; nothing where that cannot be limited here.
    pub limits: Option<Limits>,
}

/// What a snippet reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// No network at all, not even this machine's own.
    None,
    /// Every network that the gateway reaches.
    Open,
}

/// What is killed at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Processes {
    /// Everything it started: it has a process namespace of its own, and sees no other processes.
    OwnNamespace,
    /// Its process group. A program that leaves the group on purpose gets away.
    OwnGroup,
}

/// Whose rights a snippet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum User {
    /// Those of `nobody`, because the gateway is root.
    Nobody,
    /// Those of the gateway's user.
    SameAsGateway,
}

/// What a snippet may read and write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Files {
    /// All that its user may.
    AllOfItsUser,
}

/// What a snippet may use. Each is of one process, except for their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Limits {
    /// Seconds of computing.
    pub cpu_s: u32,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes in a file.
    pub file_bytes: u64,
    /// Open files.
    pub open_files: u32,
    /// Processes and threads; nothing where they cannot be counted apart from others.
    pub processes: Option<u32>,
}

/// A way to start snippets.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) user: User,
    spaces: Spaces,
    programs: Programs,
}

/// Namespaces, from much to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spaces {
    All,
    NetworkOnly,
    None,
}

/// What this machine has.
#[derive(Debug, Clone)]
struct Programs {
    sh: Option<PathBuf>,
    python: Option<PathBuf>,
    setsid: Option<PathBuf>,
    setpriv: Option<PathBuf>,
    prlimit: Option<PathBuf>,
    unshare: Option<PathBuf>,
    root: bool,
}

/// The strictest way that works here.
pub(super) async fn find() -> Result<Plan, AgentError> {
    let programs = Programs::look();
    let trial = Snippet { language: Language::Shell, code: "/bin/sh -c 'echo ready'".to_owned(), timeout_s: TRIAL_S };
    let mut error = AgentError::new("cannot_run", "snippets cannot be run here: not even a plain shell starts")
        .hint("the gateway needs a POSIX shell, sh, on its machine");
    for plan in programs.plans() {
        // Where even the folder cannot be made, for the loosest way, that is the thing to say.
        let workplace = match Workplace::make(&plan, &trial) {
            Ok(workplace) => workplace,
            Err(failed) => {
                error = failed;
                continue;
            }
        };
        let tried = run::run(&plan, &trial, workplace, |_| {}).await;
        if tried.is_ok_and(|ended| ended.exit_code == Some(0) && ended.stdout == "ready\n") {
            tracing::info!(containment = ?plan.containment(TRIAL_S), "how snippets are kept in");
            return Ok(plan);
        }
    }
    Err(error)
}

impl Programs {
    fn look() -> Self {
        let others = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> =
            env::split_paths(PATH).chain(env::split_paths(&others)).filter(|f| f.is_absolute()).collect();
        let find = |name: &str| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
        let linux = |name: &str| if cfg!(target_os = "linux") { find(name) } else { None };
        Self {
            sh: find("sh"),
            python: find("python3"),
            setsid: find("setsid"),
            setpriv: linux("setpriv"),
            prlimit: linux("prlimit"),
            unshare: linux("unshare"),
            root: rustix::process::geteuid().is_root(),
        }
    }

    /// Every way, the strictest first. Rights count more than the network: a snippet is never run as root because that
    /// would shut it off.
    fn plans(&self) -> Vec<Plan> {
        let users = if self.root && self.setpriv.is_some() {
            vec![User::Nobody, User::SameAsGateway]
        } else {
            vec![User::SameAsGateway]
        };
        let spaces = match self.unshare {
            Some(_) => vec![Spaces::All, Spaces::NetworkOnly, Spaces::None],
            None => vec![Spaces::None],
        };
        let plan = |user, spaces| Plan { user, spaces, programs: self.clone() };
        users.into_iter().flat_map(|user| spaces.iter().map(move |s| (user, *s))).map(|(u, s)| plan(u, s)).collect()
    }
}

impl Plan {
    /// What it keeps a snippet from that may run for so many seconds.
    pub(super) fn containment(&self, timeout_s: u32) -> Containment {
        let all = self.spaces == Spaces::All;
        Containment {
            network: if self.spaces == Spaces::None { Network::Open } else { Network::None },
            processes: if all { Processes::OwnNamespace } else { Processes::OwnGroup },
            user: self.user,
            files: Files::AllOfItsUser,
            may_gain_rights: self.programs.setpriv.is_none(),
            limits: self.programs.prlimit.is_some().then(|| Limits {
                cpu_s: timeout_s,
                memory_bytes: MEMORY_MAX,
                file_bytes: FILE_MAX,
                open_files: OPEN_FILES_MAX,
                processes: self.counts_processes().then_some(PROCESSES_MAX),
            }),
        }
    }

    /// The command that runs a script, contained.
    pub(super) fn command(
        &self,
        language: Language,
        timeout_s: u32,
        script: &Path,
        home: &Path,
    ) -> Result<Command, AgentError> {
        let programs = &self.programs;
        let missing = |kind, what: &str| {
            AgentError::new(kind, format!("this machine has no {what} to run snippets with")).hint(format!(
                "install {what} where the gateway runs; it is looked for in {PATH} and in the gateway's PATH"
            ))
        };
        let sh = programs.sh.as_deref().ok_or_else(|| missing("no_shell", "sh"))?;
        let interpreter = match language {
            Language::Shell => sh,
            Language::Python => programs.python.as_deref().ok_or_else(|| missing("no_python", "python3"))?,
        };
        let mut words: Vec<std::ffi::OsString> = Vec::new();
        if let Some(setsid) = &programs.setsid {
            words.push(setsid.into());
        }
        if let Some(setpriv) = &programs.setpriv {
            words.push(setpriv.into());
            if self.user == User::Nobody {
                words.extend([format!("--reuid={NOBODY}").into(), format!("--regid={NOBODY}").into()]);
                words.push("--clear-groups".into());
            }
            // The gateway may be killed in a way that leaves it no time to kill the snippet.
            words.extend(["--no-new-privs", "--pdeathsig=KILL", "--"].map(Into::into));
        }
        if let Some(unshare) = programs.unshare.as_ref().filter(|_| self.spaces != Spaces::None) {
            words.push(unshare.into());
            words.extend(["--user", "--map-current-user", "--net"].map(Into::into));
            if self.spaces == Spaces::All {
                words.extend(["--ipc", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"].map(Into::into));
            }
            words.push("--".into());
        }
        // Inside the namespace, because only there processes are counted apart from others of the same user.
        if let Some(prlimit) = &programs.prlimit {
            words.push(prlimit.into());
            let limits = [
                ("core", 0),
                ("cpu", timeout_s.into()),
                ("as", MEMORY_MAX),
                ("fsize", FILE_MAX),
                ("nofile", OPEN_FILES_MAX.into()),
            ];
            words.extend(limits.map(|(name, most)| format!("--{name}={most}").into()));
            if self.counts_processes() {
                words.push(format!("--nproc={PROCESSES_MAX}").into());
            }
            words.push("--".into());
        }
        if self.spaces == Spaces::All {
            words.extend([sh.into(), "-c".into(), FIRST.into(), "first".into()]);
        }
        words.push(interpreter.into());
        let mut words = words.into_iter();
        let first = words.next().ok_or_else(|| missing("no_shell", "sh"))?;
        let mut command = Command::new(first);
        command.args(words).arg(script).current_dir(home).env_clear();
        command.envs([("PATH", PATH), ("LANG", LANG)]).env("HOME", home).env("TMPDIR", home);
        if programs.setsid.is_none() {
            command.process_group(0);
        }
        Ok(command)
    }

    /// The exit code or the signal of what ended so.
    pub(super) fn ending(&self, status: ExitStatus) -> (Option<i32>, Option<i32>) {
        let told = status.code().filter(|code| self.spaces == Spaces::All && (129..=192).contains(code));
        (status.code(), status.signal().or(told.map(|code| code - 128)))
    }

    /// Root is not counted, and others are counted together with all that runs as the same user.
    fn counts_processes(&self) -> bool {
        match self.user {
            User::Nobody => true,
            User::SameAsGateway => !self.programs.root && self.spaces != Spaces::None,
        }
    }
}
