//! OpenAPI 3.1 of a gateway: its fixed routes, and one operation for each command of each agent.
//!
//! A pure function from what agents expose to a document. Never looks at a router: that both say the same is for the
//! gateway's tests to see.
//!
//! | file | has |
//! |---|---|
//! | `fixed.rs` | the fixed routes, a table |
//! | `command.rs` | the operation of a command |
//! | `answers.rs` | parameters, responses, and how to say who one is |
//! | `schemas.rs` | schemas of what `wire` sends and reads; those of questions in a file of their own |

mod answers;
mod command;
mod fixed;
mod schemas;

use serde_json::{Map, Value, json};
use wire::{AgentId, CommandSpec};

/// What the document says about itself.
#[derive(Debug, Clone, Copy)]
pub struct Info<'a> {
    /// The name of the thing.
    pub title: &'a str,
    /// Its release.
    pub version: &'a str,
    /// What it is, in a sentence or a few; Markdown.
    pub description: &'a str,
}

/// An agent and what it exposes.
#[derive(Debug, Clone, Copy)]
pub struct ExposedAgent<'a> {
    /// Its id.
    pub id: &'a AgentId,
    /// What it does, in a sentence.
    pub description: &'a str,
    /// Its commands; the hidden ones are left out of the document.
    pub commands: &'a [CommandSpec],
}

/// The document. The same agents give the same document, byte for byte; the `operationId` of a command is
/// `{agent}.{command}`, whatever else is planted.
#[must_use]
pub fn document(info: Info<'_>, agents: &[ExposedAgent<'_>]) -> Value {
    let mut paths = Map::new();
    let mut components = schemas::all();
    for route in fixed::ROUTES {
        add(&mut paths, route.path, route.method, route.operation());
    }
    for agent in agents {
        for spec in agent.commands.iter().filter(|spec| !spec.hidden) {
            let path = wire::route::command(agent.id, &spec.name);
            add(&mut paths, &path, "post", command::operation(agent.id, spec, &mut components));
        }
    }
    let tag = |agent: &ExposedAgent<'_>| json!({ "name": agent.id, "description": agent.description });
    let exposing = agents.iter().filter(|agent| agent.commands.iter().any(|spec| !spec.hidden));
    let tags: Vec<_> = fixed::tags().chain(exposing.map(tag)).collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": info.title, "version": info.version, "description": info.description },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{ "url": "/", "description": "This gateway." }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": answers::problems(),
            "parameters": answers::parameters(),
            "securitySchemes": answers::schemes(),
        },
    })
}

fn add(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method] = operation;
}
