//! `kgents completions`: the script that teaches a shell to ask [`crate::complete`].

use crate::{cli::CompletionsArgs, error::Error, out::Out};
use clap_complete::env::Shells;
use std::{env, path::Path};

/// The shells there is a script for.
pub(crate) const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

pub(crate) fn run(args: &CompletionsArgs, out: &Out) -> Result<(), Error> {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&args.shell) else {
        let hint = format!("one of {}", SHELLS.join(", "));
        return Err(Error::Usage { message: format!("there is no script for {:?}", args.shell), hint });
    };
    let mut script = Vec::new();
    shell.write_registration("COMPLETE", "kgents", "kgents", &program(), &mut script).map_err(Error::System)?;
    out.raw(&String::from_utf8_lossy(&script))
}

/// How the shell is to start this program: by the name it was started with, made absolute where that was a path.
fn program() -> String {
    let name = env::args().next().unwrap_or_else(|| "kgents".to_owned());
    let path = Path::new(&name);
    match (path.components().count(), env::current_dir()) {
        (2.., Ok(here)) => here.join(path).to_string_lossy().into_owned(),
        _ => name,
    }
}
