//! What the code written by `#[exposed]` calls. Public because that code stands in other crates; not for people.

use crate::{Arguments, CallError, check, nearest::nearest, schema};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use wire::{CommandSpec, FieldError, Scope};

/// A type with a table of commands.
pub trait Declared {
    /// The one table of the type, made at its first use.
    fn table() -> &'static Table;
}

/// The commands of a type, in the order of declaration.
pub struct Table {
    specs: Vec<CommandSpec>,
    blocking: Vec<bool>,
}

impl Table {
    pub fn new(entries: Vec<Entry>) -> Self {
        let (specs, blocking) = entries.into_iter().map(Entry::finish).unzip();
        Self { specs, blocking }
    }

    pub fn specs(&self) -> &[CommandSpec] {
        &self.specs
    }

    pub fn is_blocking(&self, command: &str) -> bool {
        self.find(command).and_then(|index| self.blocking.get(index)).is_some_and(|blocking| *blocking)
    }

    /// Finds the command and checks its arguments.
    pub fn prepare(&self, command: &str, arguments: Arguments) -> Result<(usize, Reader), CallError> {
        let found = self.find(command).and_then(|index| Some((index, self.specs.get(index)?)));
        let Some((index, spec)) = found else {
            let visible = self.specs.iter().filter(|spec| !spec.hidden).map(|spec| spec.name.as_str());
            let nearest = nearest(command, visible).into_iter().map(str::to_owned).collect();
            return Err(CallError::UnknownCommand { name: command.to_owned(), nearest });
        };
        let arguments = check(spec, arguments).map_err(CallError::Arguments)?;
        Ok((index, Reader { arguments, errors: Vec::new() }))
    }

    fn find(&self, command: &str) -> Option<usize> {
        self.specs.iter().position(|spec| spec.name == command || spec.aliases.iter().any(|alias| alias == command))
    }
}

/// A command on its way into the table.
pub struct Entry {
    spec: CommandSpec,
    blocking: bool,
    generator: SchemaGenerator,
    properties: serde_json::Map<String, Value>,
    order: Vec<&'static str>,
    required: Vec<&'static str>,
}

impl Entry {
    pub fn new(name: &str, help: &str, description: &str) -> Self {
        Self {
            spec: CommandSpec {
                name: name.to_owned(),
                help: help.to_owned(),
                description: description.to_owned(),
                examples: Vec::new(),
                aliases: Vec::new(),
                hidden: false,
                scope: Scope::Perturb,
                arguments: Value::Null,
                result: Value::Null,
            },
            blocking: false,
            generator: schema::of_arguments(),
            properties: serde_json::Map::new(),
            order: Vec::new(),
            required: Vec::new(),
        }
    }

    pub fn examples(mut self, examples: &[&str]) -> Self {
        self.spec.examples = examples.iter().map(|&text| text.to_owned()).collect();
        self
    }

    pub fn aliases(mut self, aliases: &[&str]) -> Self {
        self.spec.aliases = aliases.iter().map(|&text| text.to_owned()).collect();
        self
    }

    pub fn hidden(mut self) -> Self {
        self.spec.hidden = true;
        self
    }

    pub fn reads(mut self) -> Self {
        self.spec.scope = Scope::Observe;
        self
    }

    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    pub fn required<T: JsonSchema + DeserializeOwned>(mut self, name: &'static str, help: &str) -> Self {
        self.required.push(name);
        self.argument::<T>(name, help, None)
    }

    pub fn optional<T: JsonSchema + DeserializeOwned>(self, name: &'static str, help: &str) -> Self {
        self.argument::<T>(name, help, None)
    }

    pub fn default<T: JsonSchema + DeserializeOwned + Serialize>(
        self,
        name: &'static str,
        help: &str,
        value: T,
    ) -> Self {
        // A value that cannot be JSON leaves the argument without a default in the schema, which then is optional; the
        // method gets an error instead of it.
        let value = serde_json::to_value(value).ok();
        self.argument::<T>(name, help, value)
    }

    pub fn result<T: JsonSchema + Serialize>(mut self) -> Self {
        let mut generator = schema::of_results();
        let mut schema = schema::of::<T>(&mut generator);
        let definitions = schema::definitions(generator);
        if !definitions.is_empty() {
            schema.insert("$defs".to_owned(), Value::Object(definitions));
        }
        self.spec.result = schema.to_value();
        self
    }

    fn argument<T: JsonSchema>(mut self, name: &'static str, help: &str, default: Option<Value>) -> Self {
        let mut schema = schema::of::<T>(&mut self.generator);
        if !help.is_empty() {
            schema.insert("description".to_owned(), help.into());
        }
        if let Some(default) = default {
            schema.insert("default".to_owned(), default);
        }
        self.order.push(name);
        self.properties.insert(name.to_owned(), schema.to_value());
        self
    }

    fn finish(mut self) -> (CommandSpec, bool) {
        let mut arguments = json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
            // Objects have no order in JSON; forms and command lines want the one of the declaration.
            "x-order": self.order,
        });
        let definitions = schema::definitions(self.generator);
        if !definitions.is_empty() {
            arguments["$defs"] = Value::Object(definitions);
        }
        self.spec.arguments = arguments;
        (self.spec, self.blocking)
    }
}

/// Checked arguments on their way into a method.
pub struct Reader {
    arguments: Arguments,
    errors: Vec<FieldError>,
}

impl Reader {
    /// Reads one. `None` where it does not fit, which [`Reader::finish`] then says.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        // What is absent here is optional: the check has filled in defaults and refused what lacks something.
        let value = self.arguments.remove(name).unwrap_or(Value::Null);
        // The schema lets pass what only the type itself can judge, such as a text that is to be an agent's id.
        serde_json::from_value(value)
            .map_err(|why| self.errors.push(FieldError { pointer: format!("/{name}"), message: why.to_string() }))
            .ok()
    }

    /// Says everything that did not fit.
    pub fn finish(self) -> Result<(), CallError> {
        if self.errors.is_empty() { Ok(()) } else { Err(CallError::Arguments(self.errors)) }
    }
}

/// The JSON of an answer.
pub fn answer(value: impl Serialize) -> Result<Value, CallError> {
    let unsayable = |why| CallError::failed("answer_unsayable", format!("the answer cannot be written as JSON: {why}"));
    serde_json::to_value(value).map_err(unsayable)
}

/// For states that the table rules out.
pub fn lost() -> CallError {
    CallError::failed("internal", "the command and its table do not agree")
}
