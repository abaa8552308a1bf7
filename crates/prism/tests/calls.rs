//! An agent with every kind of command, called as the doors call it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use futures::executor::block_on;
use prism::{Arguments, CallCx, CallError, Exposed, JsonSchema, Scope, Value, exposed};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// When something happens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Tense {
    /// It is over.
    Past,
    /// It goes on.
    Present,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Reading {
    words: Vec<String>,
    when: Option<Tense>,
}

/// An error of an author's own.
struct Stumbled;

impl From<Stumbled> for CallError {
    fn from(_: Stumbled) -> Self {
        Self::failed("stumbled", "a stone lay there")
    }
}

#[derive(Default)]
struct Grammar {
    written: u32,
}

/// Analyses English.
#[exposed]
impl Grammar {
    /// Reads a sentence:
    /// what is to be done.
    ///
    /// More of it.
    ///
    /// Even more.
    #[expose(examples("--text 'Create a calendar'"), aliases("read"), reads)]
    fn parse(
        &self,
        /// The sentence.
        text: String,
        #[arg(default = 10, help = "How many words at most.")] limit: u32,
        when: Option<Tense>,
    ) -> Reading {
        let words = text.split(' ').take(limit as usize).map(str::to_owned).collect();
        Reading { words, when }
    }

    /// Writes.
    #[expose]
    async fn write(&mut self, prompt: String, cx: &mut dyn CallCx) -> Result<String, CallError> {
        if prompt.is_empty() {
            return Err(CallError::failed("nothing_to_write", "the prompt is empty").hint("say what to write"));
        }
        self.written += 1;
        cx.chunk(json!("Once"));
        cx.tokens(3, 1);
        Ok(format!("Once {prompt}"))
    }

    #[expose(help = "Forgets.", hidden)]
    fn forget(&mut self) {
        self.written = 0;
    }

    /// Echoes a word.
    #[expose]
    fn echo(&self, #[arg(default = "hm")] r#type: String, #[arg(default)] loud: bool) -> String {
        if loud { r#type.to_uppercase() } else { r#type }
    }

    /// Looks, without changing anything, and without an argument.
    #[expose(reads)]
    async fn peek(&self) -> u32 {
        self.written
    }

    /// Fails in words of its own.
    #[expose]
    fn stumble(&self, cx: &mut dyn CallCx) -> Result<(), Stumbled> {
        cx.chunk(json!("oh"));
        Err(Stumbled)
    }

    fn not_exposed(&self) -> u32 {
        self.written
    }
}

#[derive(Default)]
struct Notes {
    chunks: Vec<Value>,
    tokens: (u64, u64),
}

impl CallCx for Notes {
    fn chunk(&mut self, data: Value) {
        self.chunks.push(data);
    }

    fn tokens(&mut self, input: u64, output: u64) {
        self.tokens = (input, output);
    }

    fn ask(&mut self, ask: prism::Ask, _: Value) {
        self.chunks.push(Value::String(ask.prompt));
    }
}

fn object(value: Value) -> Arguments {
    value.as_object().unwrap().clone()
}

fn call(agent: &mut dyn Exposed, command: &str, arguments: Value) -> Result<Value, CallError> {
    block_on(agent.call(command, object(arguments), &mut Notes::default()))
}

#[test]
fn a_spec_says_what_the_method_says() {
    let specs = Grammar::default().specs();
    let names: Vec<_> = specs.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["parse", "write", "forget", "echo", "peek", "stumble"], "in the order of declaration");
    let parse = &specs[0];
    assert_eq!(parse.help, "Reads a sentence: what is to be done.");
    assert_eq!(parse.description, "More of it.\n\nEven more.");
    assert_eq!(parse.aliases, ["read"]);
    assert_eq!((parse.scope, parse.hidden), (Scope::Observe, false));
    assert_eq!((specs[1].scope, specs[2].hidden), (Scope::Perturb, true));
    assert_eq!(
        parse.arguments,
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["text"],
            "x-order": ["text", "limit", "when"],
            "properties": {
                "text": { "type": "string", "description": "The sentence." },
                "limit": {
                    "type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 10,
                    "description": "How many words at most.",
                },
                "when": {
                    "anyOf": [
                        { "description": "When something happens.", "oneOf": [
                            { "type": "string", "const": "past", "description": "It is over." },
                            { "type": "string", "const": "present", "description": "It goes on." },
                        ] },
                        { "type": "null" },
                    ],
                },
            },
        })
    );
}

#[test]
fn commands_are_called_by_name_and_alias() {
    let mut agent = Grammar::default();
    for name in ["parse", "read"] {
        let answer = call(&mut agent, name, json!({ "text": "a b c", "limit": 2, "when": "past" })).unwrap();
        assert_eq!(answer, json!({ "words": ["a", "b"], "when": "past" }));
        assert!(agent.is_blocking(name));
    }
    assert!(!agent.is_blocking("write"), "an async method");
    assert_eq!(call(&mut agent, "forget", json!({})).unwrap(), Value::Null);
    let mut notes = Notes::default();
    let answer = block_on(agent.call("write", object(json!({ "prompt": "upon a time" })), &mut notes)).unwrap();
    assert_eq!(answer, "Once upon a time");
    assert_eq!((notes.chunks, notes.tokens), (vec![json!("Once")], (3, 1)));
    assert_eq!(agent.not_exposed(), 1);
}

#[test]
fn what_a_method_says_of_its_failure_arrives() {
    let mut agent = Grammar::default();
    let empty = call(&mut agent, "write", json!({ "prompt": "" })).unwrap_err();
    assert_eq!((empty.code(), empty.advice()), ("nothing_to_write", Some("say what to write")));
    assert_eq!(empty.to_string(), "the prompt is empty");
    let mut notes = Notes::default();
    let stumbled = block_on(agent.call("stumble", Arguments::new(), &mut notes)).unwrap_err();
    assert_eq!((stumbled.code(), stumbled.advice(), notes.chunks), ("stumbled", None, vec![json!("oh")]));
    assert_eq!(call(&mut agent, "peek", json!({})).unwrap(), 0);
}

#[test]
fn names_and_defaults_that_rust_spells_otherwise_are_plain_on_the_wire() {
    let mut agent = Grammar::default();
    assert_eq!(call(&mut agent, "echo", json!({})).unwrap(), "hm");
    assert_eq!(call(&mut agent, "echo", json!({ "type": "so", "loud": true })).unwrap(), "SO");
}

#[test]
fn results_have_schemas() {
    let specs = Grammar::default().specs();
    let of = |name: &str| &specs.iter().find(|spec| spec.name == name).unwrap().result;
    assert_eq!(of("write"), &json!({ "type": "string" }), "of what stands in Ok");
    assert_eq!(of("forget"), &json!({ "type": "null" }));
    assert_eq!(of("parse")["required"], json!(["words", "when"]), "as it is written, nulls and all");
}
