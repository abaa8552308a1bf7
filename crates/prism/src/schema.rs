//! JSON Schema (2020-12) of Rust types, as commands show it: nested types written out in place, numbers with the bounds
//! of their Rust type, no formats that only Rust knows.

use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::{Map, Value, json};

/// The generator for what callers send.
pub(crate) fn of_arguments() -> SchemaGenerator {
    settings().for_deserialize().into_generator()
}

/// The generator for what commands answer.
pub(crate) fn of_results() -> SchemaGenerator {
    settings().for_serialize().into_generator()
}

/// The schema of one type; what it refers to stays in the generator.
pub(crate) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<T>();
    // As the root of a document this says what its place says already.
    schema.remove("$schema");
    tidy().transform(&mut schema);
    schema
}

/// The definitions that recursive types have left in the generator, to stand under `$defs`.
pub(crate) fn definitions(mut generator: SchemaGenerator) -> Map<String, Value> {
    let mut definitions = generator.take_definitions(true);
    for definition in definitions.values_mut() {
        if let Ok(schema) = <&mut Schema>::try_from(definition) {
            tidy().transform(schema);
        }
    }
    definitions
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        // A form or a command line that reads a spec then has no references to follow, except in types that contain
        // themselves.
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    })
}

fn tidy() -> impl Transform {
    RecursiveTransform(|schema: &mut Schema| {
        let Some(format) = schema.get("format").and_then(Value::as_str) else { return };
        let Some((min, max)) = bounds(format) else { return };
        if !matches!(format, "int32" | "int64") {
            schema.remove("format");
        }
        let object = schema.ensure_object();
        object.entry("minimum").or_insert(min);
        object.entry("maximum").or_insert(max);
    })
}

/// The range of an integer, by the format that schemars gives it. `None` for whatever is not one, or is wider than JSON
/// numbers are here.
fn bounds(format: &str) -> Option<(Value, Value)> {
    Some(match format {
        "int8" => (json!(i8::MIN), json!(i8::MAX)),
        "int16" => (json!(i16::MIN), json!(i16::MAX)),
        "int32" => (json!(i32::MIN), json!(i32::MAX)),
        "int64" | "int" => (json!(i64::MIN), json!(i64::MAX)),
        "uint8" => (json!(u8::MIN), json!(u8::MAX)),
        "uint16" => (json!(u16::MIN), json!(u16::MAX)),
        "uint32" => (json!(u32::MIN), json!(u32::MAX)),
        "uint64" | "uint" => (json!(u64::MIN), json!(u64::MAX)),
        _ => return None,
    })
}
