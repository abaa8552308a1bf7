//! A command that an agent exposes: one declaration from which REST, OpenAPI, command line and form are made. Sent by the
//! gateway in `GET /api/agents/{agent}/commands`; read by the page, by `kgents`, and by the validator.

use crate::{Scope, record};
use serde::Serialize;
use serde_json::Value;

/// One command.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandSpec {
    /// Its name: `[a-z][a-z0-9_]*`, the last part of its URL.
    pub name: String,
    /// What it does, in a sentence.
    pub help: String,
    /// More about it; empty where there is no more.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Calls to learn from, as they would be typed after the command's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Other names it answers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Not shown in lists and forms; still callable by name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// What a caller must be allowed to do: `observe` for what changes nothing, else `perturb`.
    pub scope: Scope,
    /// JSON Schema (2020-12) of the argument object. Unknown arguments are refused.
    pub arguments: Value,
    /// JSON Schema (2020-12) of the result.
    pub result: Value,
}

record!(CommandSpec {
    name,
    help,
    description = String::new(),
    examples = Vec::new(),
    aliases = Vec::new(),
    hidden = false,
    scope,
    arguments,
    result,
});

/// `GET /api/agents/{agent}/commands`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommandList {
    /// In the order of their declaration, hidden ones left out.
    pub commands: Vec<CommandSpec>,
}

record!(CommandList { commands });
