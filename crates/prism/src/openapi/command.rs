//! One command as an operation. Its schemas move into the document: definitions of recursive types become components, and
//! references to them follow.

use super::answers::{Needs, OF_BODIES, OF_WORK, add_problems};
use serde_json::{Map, Value, json};
use wire::{AgentId, CommandSpec, Scope};

/// The operation; definitions that its schemas need are added to the components.
pub(super) fn operation(agent: &AgentId, spec: &CommandSpec, components: &mut Map<String, Value>) -> Value {
    let id = format!("{agent}.{}", spec.name);
    let arguments = moved(&spec.arguments, &format!("{id}.arguments"), components);
    let result = moved(&spec.result, &format!("{id}.result"), components);
    let needs = match spec.scope {
        Scope::Observe => Needs::Watching,
        scope => Needs::Scope(scope),
    };
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "What the command answered.",
            "content": { "application/json": { "schema": {
                "type": "object", "required": ["result"], "properties": { "result": result },
            } } },
        }),
    );
    responses.insert(
        "202".to_owned(),
        json!({
            "description": "The agent asked a person first.",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/AskedFirst" } } },
        }),
    );
    let own = [404].into_iter().chain(OF_BODIES).chain(OF_WORK);
    add_problems(&mut responses, own.chain(needs.problems().iter().copied()));
    let needs_a_body = spec.arguments.get("required").and_then(Value::as_array).is_some_and(|names| !names.is_empty());
    json!({
        "operationId": id,
        "tags": [agent],
        "summary": spec.help,
        "description": description(spec),
        "security": needs.security(true),
        "parameters": [{ "$ref": "#/components/parameters/idempotencyKey" }],
        "requestBody": {
            "required": needs_a_body,
            "content": { "application/json": { "schema": arguments } },
        },
        "responses": responses,
    })
}

fn description(spec: &CommandSpec) -> String {
    let mut parts = Vec::new();
    parts.extend(Some(spec.description.clone()).filter(|text| !text.is_empty()));
    if !spec.aliases.is_empty() {
        parts.push(format!("Also answers to `{}`.", spec.aliases.join("`, `")));
    }
    let name = &spec.name;
    parts.extend(spec.examples.iter().map(|example| format!("On a command line: `{name} {example}`")));
    parts.join("\n\n")
}

/// A schema that can stand in the document: `#/$defs/…` becomes `#/components/schemas/{prefix}.…`.
fn moved(schema: &Value, prefix: &str, components: &mut Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    let definitions = schema.as_object_mut().and_then(|schema| schema.remove("$defs"));
    if let Some(Value::Object(definitions)) = definitions {
        for (name, mut definition) in definitions {
            redirect(&mut definition, prefix);
            components.insert(format!("{prefix}.{name}"), definition);
        }
    }
    redirect(&mut schema, prefix);
    schema
}

/// Follows schemas only: a `$ref` in a default or a constant is somebody's data.
fn redirect(schema: &mut Value, prefix: &str) {
    let Some(keywords) = schema.as_object_mut() else { return };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                if let Some(name) = reference.strip_prefix("#/$defs/") {
                    *reference = format!("#/components/schemas/{prefix}.{name}");
                }
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| redirect(schema, prefix));
            }
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(schemas)) => {
                schemas.values_mut().for_each(|schema| redirect(schema, prefix));
            }
            (
                "items"
                | "contains"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "propertyNames"
                | "not"
                | "if"
                | "then"
                | "else",
                schema,
            ) => redirect(schema, prefix),
            _ => {}
        }
    }
}
