//! What fits a command and what is said about what does not.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use prism::{Arguments, CallError, CommandSpec, Exposed, JsonSchema, Value, check, exposed, from_words};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Tense {
    /// Over.
    Past,
    /// Now.
    Present,
}

/// Without words for its variants: another shape of schema.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    name: String,
    #[serde(default)]
    floor: Option<i8>,
    #[schemars(length(max = 3), inner(length(max = 5)))]
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Shape {
    Circle { radius: f64 },
    Box { width: u16, height: u16 },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Tree {
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

/// A type that judges for itself.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(with = "String")]
struct Even(u32);

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number: u32 = text.parse().map_err(serde::de::Error::custom)?;
        if number.is_multiple_of(2) {
            Ok(Self(number))
        } else {
            Err(serde::de::Error::custom(format!("{number} is odd")))
        }
    }
}

struct Sampler;

#[exposed]
impl Sampler {
    /// Takes one of everything.
    #[expose]
    #[expect(clippy::too_many_arguments, reason = "one of everything")]
    fn everything(
        &self,
        /// The sentence.
        text: String,
        #[arg(default = 10)] limit: u32,
        loud: Option<bool>,
        when: Option<Tense>,
        colour: Option<Colour>,
        place: Option<Place>,
        shape: Option<Shape>,
        numbers: Option<Vec<i64>>,
        ratio: Option<f64>,
        tree: Option<Tree>,
        anything: Option<Value>,
    ) -> Value {
        json!({
            "text": text, "limit": limit, "loud": loud, "when": when, "colour": colour, "place": place, "shape": shape,
            "numbers": numbers, "ratio": ratio, "tree": tree, "anything": anything,
        })
    }

    /// Takes nothing.
    #[expose]
    fn nothing(&self) {}

    /// Takes what only the type can judge.
    #[expose]
    fn even(&self, first: Even, second: Even) -> u32 {
        first.0 + second.0
    }
}

struct Silent;

impl prism::CallCx for Silent {
    fn chunk(&mut self, _: Value) {}
    fn tokens(&mut self, _: u64, _: u64) {}
    fn ask(&mut self, _: prism::Ask, _: Value) {}
}

fn spec(name: &str) -> &'static CommandSpec {
    Sampler.specs().iter().find(|spec| spec.name == name).unwrap()
}

fn object(value: &Value) -> Arguments {
    value.as_object().unwrap().clone()
}

fn call(command: &str, arguments: &Value) -> Result<Value, CallError> {
    futures::executor::block_on(Sampler.call(command, object(arguments), &mut Silent))
}

/// Pointers and messages.
fn told(arguments: &Value) -> Vec<(String, String)> {
    let errors = check(spec("everything"), object(arguments)).unwrap_err();
    errors.into_iter().map(|e| (e.pointer, e.message)).collect()
}

#[test]
fn what_does_not_fit_is_told_with_its_place_and_what_would_fit() {
    let table = [
        (json!({}), "/text", r#""text" is missing; expected a text: The sentence."#),
        (json!({ "text": 3 }), "/text", r#"expected a text, such as "3", not the number 3"#),
        (json!({ "text": null }), "/text", "expected a text, not null"),
        (
            json!({ "text": "", "limit": "3" }),
            "/limit",
            r#"expected a whole number, such as 3 without quotes, not "3""#,
        ),
        (json!({ "text": "", "limit": "x" }), "/limit", r#"expected a whole number, such as 10, not "x""#),
        (json!({ "text": "", "limit": 3.5 }), "/limit", "expected a whole number, such as 10, not the number 3.5"),
        (json!({ "text": "", "limit": -1 }), "/limit", "expected a number from 0 to 4294967295, not -1"),
        (json!({ "text": "", "limit": 1e300 }), "/limit", "expected a number from 0 to 4294967295, not 1e+300"),
        (
            json!({ "text": "", "limit": null }),
            "/limit",
            "expected a whole number, such as 10, not null; leave it out to get its default",
        ),
        (json!({ "text": "", "lmit": 3 }), "/lmit", r#"there is no argument "lmit"; did you mean "limit"?"#),
        (
            json!({ "text": "", "a/b~c": 3 }),
            "/a~1b~0c",
            "there is no argument \"a/b~c\"; known are anything, colour, limit, loud, numbers, place, ratio, shape, text, \
             tree, when",
        ),
        (json!({ "text": "", "loud": "yes" }), "/loud", r#"expected true or false, not "yes""#),
        (
            json!({ "text": "", "loud": "true" }),
            "/loud",
            r#"expected true or false, such as true without quotes, not "true""#,
        ),
        (
            json!({ "text": "", "when": "passt" }),
            "/when",
            r#"expected one of "past", "present", not "passt"; did you mean "past"?"#,
        ),
        (json!({ "text": "", "when": 7 }), "/when", r#"expected one of "past", "present", not the number 7"#),
        (json!({ "text": "", "colour": "blue" }), "/colour", r#"expected one of "red", "green", not "blue""#),
        (json!({ "text": "", "numbers": 1 }), "/numbers", "expected a list, such as [1], not the number 1"),
        (json!({ "text": "", "numbers": [1, "x"] }), "/numbers/1", r#"expected a whole number, such as 3, not "x""#),
        (json!({ "text": "", "ratio": [] }), "/ratio", "expected a number, such as 2.5, not a list of 0"),
        (json!({ "text": "", "place": 1 }), "/place", "expected an object, not the number 1"),
        (json!({ "text": "", "place": {} }), "/place/name", r#""name" is missing; expected a text"#),
        (
            json!({ "text": "", "place": { "name": "a", "nme": 1 } }),
            "/place/nme",
            r#"there is no field "nme"; did you mean "name"?"#,
        ),
        (
            json!({ "text": "", "place": { "name": "a", "floor": 300 } }),
            "/place/floor",
            "expected a number from -128 to 127, not 300",
        ),
        (
            json!({ "text": "", "place": { "name": "a", "tags": ["a", "b", "c", "d"] } }),
            "/place/tags",
            "expected at most 3 in this list, which has 4",
        ),
        (
            json!({ "text": "", "place": { "name": "a", "tags": ["longer"] } }),
            "/place/tags/0",
            "expected at most 5 characters; this has 6",
        ),
        (
            json!({ "text": "", "shape": { "kind": "circle", "radius": "x" } }),
            "/shape/radius",
            r#"expected a number, such as 2.5, not "x""#,
        ),
        (
            json!({ "text": "", "shape": { "kind": "box", "width": 1 } }),
            "/shape/height",
            r#""height" is missing; expected a whole number"#,
        ),
        (
            json!({ "text": "", "shape": { "kind": "cone" } }),
            "/shape",
            r#"expected an object with "kind": "circle", or an object with "kind": "box"; an object is none of these"#,
        ),
        (
            json!({ "text": "", "tree": { "name": "a", "children": [{ "name": "b", "children": [{}] }] } }),
            "/tree/children/0/children/0/name",
            r#""name" is missing; expected a text"#,
        ),
    ];
    for (arguments, pointer, message) in table {
        assert_eq!(told(&arguments), [(pointer.to_owned(), message.to_owned())], "{arguments}");
    }
}

#[test]
fn everything_wrong_is_told_at_once_up_to_a_limit() {
    let pointers: Vec<_> =
        told(&json!({ "limit": "x", "numbers": [1, "a", "b"], "foo": 1 })).into_iter().map(|t| t.0).collect();
    for pointer in ["/text", "/limit", "/numbers/1", "/numbers/2", "/foo"] {
        assert!(pointers.contains(&pointer.to_owned()), "{pointer} in {pointers:?}");
    }
    let many = told(&json!({ "text": "", "numbers": vec!["x"; 1000] }));
    assert_eq!((many.len(), many[31].1.as_str()), (32, "there is more that does not fit"));
    let very_many = told(&json!({ "text": "", "numbers": vec!["x"; 500_000] }));
    assert_eq!(very_many.len(), 1, "the first only");
}

#[test]
fn a_long_text_is_not_repeated_in_full() {
    let message = told(&json!({ "text": "", "limit": "é".repeat(100_000) })).remove(0).1;
    assert!(message.chars().count() < 120, "{message}");
}

#[test]
fn nothing_is_coerced_that_is_not_the_same_value() {
    let checked = check(spec("everything"), object(&json!({ "text": "3", "limit": 3.0, "anything": 1.0 }))).unwrap();
    assert_eq!(Value::Object(checked), json!({ "text": "3", "limit": 3, "anything": 1.0 }));
    assert_eq!(told(&json!({ "text": true })).len(), 1);
    assert_eq!(told(&json!({ "text": "", "loud": 1 })).len(), 1);
}

#[test]
fn defaults_are_filled_in_and_optional_ones_may_be_null() {
    let answer = call("everything", &json!({ "text": "a", "loud": null, "when": null, "place": null })).unwrap();
    assert_eq!((&answer["limit"], &answer["loud"], &answer["when"]), (&json!(10), &Value::Null, &Value::Null));
    assert_eq!(call("nothing", &json!({})).unwrap(), Value::Null);
    let error = call("nothing", &json!({ "x": 1 })).unwrap_err().to_string();
    assert_eq!(error, r#"/x: there is no argument "x": nothing is expected here"#);
}

#[test]
fn a_full_house_arrives_as_it_was_sent() {
    let arguments = json!({
        "text": "a", "limit": 1, "loud": true, "when": "present", "colour": "green",
        "place": { "name": "n", "floor": -1, "tags": ["t"] }, "shape": { "kind": "box", "width": 1, "height": 2 },
        "numbers": [i64::MIN, i64::MAX], "ratio": 0.5, "tree": { "name": "a", "children": [{ "name": "b", "children": [] }] },
        "anything": [null, { "x": 1.5 }],
    });
    assert_eq!(call("everything", &arguments).unwrap(), arguments);
}

#[test]
fn what_only_the_type_can_judge_is_told_by_argument() {
    assert_eq!(call("even", &json!({ "first": "2", "second": "4" })).unwrap(), 6);
    let CallError::Arguments(errors) = call("even", &json!({ "first": "1", "second": "x" })).unwrap_err() else {
        panic!("not about arguments");
    };
    let errors: Vec<_> = errors.into_iter().map(|e| (e.pointer, e.message)).collect();
    assert_eq!(errors[0], ("/first".to_owned(), "1 is odd".to_owned()));
    assert_eq!(errors[1].0, "/second");
}

#[test]
fn an_unknown_command_names_its_neighbours() {
    let error = call("noting", &json!({})).unwrap_err();
    assert_eq!(error.to_string(), r#"there is no command "noting"; did you mean "nothing"?"#);
    assert_eq!(error.code(), "command_not_found");
    assert_eq!(call("zzzzzzzz", &json!({})).unwrap_err().to_string(), r#"there is no command "zzzzzzzz""#);
}

#[test]
fn deep_nesting_is_refused_at_any_depth() {
    for depth in [200, 100_000] {
        let deep = (0..depth).fold(json!(1), |inner, _| Value::Array(vec![inner]));
        let mut arguments = object(&json!({ "text": "a" }));
        arguments.insert("anything".into(), deep);
        let errors = check(spec("everything"), arguments).unwrap_err();
        assert_eq!(errors[0].message, "this is nested too deeply: 128 levels at most");
    }
}

type Words<'a> = &'a [(&'a str, &'a str)];

fn words(pairs: Words<'_>) -> Result<Value, Vec<(String, String)>> {
    let pairs: Vec<_> = pairs.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect();
    let errors = |errors: Vec<prism::FieldError>| errors.into_iter().map(|e| (e.pointer, e.message)).collect();
    from_words(spec("everything"), &pairs).map(Value::Object).map_err(errors)
}

#[test]
fn words_become_what_the_schema_wants() {
    let table: [(Words<'_>, Value); 15] = [
        (&[("text", "3"), ("limit", "3")], json!({ "text": "3", "limit": 3 })),
        (&[("text", ""), ("limit", "")], json!({ "text": "", "limit": 10 })),
        (&[("text", "a"), ("limit", " 3.0 ")], json!({ "text": "a", "limit": 3 })),
        (&[("text", "a"), ("loud", "true")], json!({ "text": "a", "limit": 10, "loud": true })),
        (&[("text", "a"), ("loud", "false"), ("loud", "on")], json!({ "text": "a", "limit": 10, "loud": true })),
        (&[("text", "a"), ("when", "past")], json!({ "text": "a", "limit": 10, "when": "past" })),
        (&[("text", "a"), ("when", "")], json!({ "text": "a", "limit": 10 })),
        (&[("text", "a"), ("colour", "red")], json!({ "text": "a", "limit": 10, "colour": "red" })),
        (&[("text", "a"), ("numbers", "1")], json!({ "text": "a", "limit": 10, "numbers": [1] })),
        (
            &[("text", "a"), ("numbers", "1"), ("numbers", "-2")],
            json!({ "text": "a", "limit": 10, "numbers": [1, -2] }),
        ),
        (&[("text", "a"), ("numbers", "[1, 2]")], json!({ "text": "a", "limit": 10, "numbers": [1, 2] })),
        (&[("text", "a"), ("ratio", "0.5")], json!({ "text": "a", "limit": 10, "ratio": 0.5 })),
        (
            &[("text", "a"), ("place", r#"{"name": "n"}"#)],
            json!({ "text": "a", "limit": 10, "place": { "name": "n" } }),
        ),
        (&[("text", "a"), ("anything", "[1]")], json!({ "text": "a", "limit": 10, "anything": [1] })),
        (&[("text", "a"), ("anything", "as it is")], json!({ "text": "a", "limit": 10, "anything": "as it is" })),
    ];
    for (pairs, wanted) in table {
        assert_eq!(words(pairs).unwrap(), wanted, "{pairs:?}");
    }
}

#[test]
fn words_that_do_not_fit_are_told_by_argument() {
    let table: [(Words<'_>, &str, &str); 8] = [
        (&[("limit", "3")], "/text", r#""text" is missing; expected a text: The sentence."#),
        (&[("text", "a"), ("limit", "x")], "/limit", r#"expected a whole number, such as 10, not "x""#),
        (&[("text", "a"), ("ratio", "NaN")], "/ratio", r#"expected a number, such as 2.5, not "NaN""#),
        (&[("text", "a"), ("text", "b")], "/text", "given 2 times; it takes one value"),
        (&[("text", "a"), ("loud", "perhaps")], "/loud", r#"expected true or false, not "perhaps""#),
        (&[("text", "a"), ("txt", "b")], "/txt", r#"there is no argument "txt"; did you mean "text"?"#),
        (&[("text", "a"), ("place", "{}")], "/place/name", r#""name" is missing; expected a text"#),
        (
            &[("text", "a"), ("place", "{name}")],
            "/place",
            "expected an object as JSON, such as {\"name\": \"value\"}; this is not JSON: key must be a string at line 1 column 2",
        ),
    ];
    for (pairs, pointer, message) in table {
        assert_eq!(words(pairs).unwrap_err(), [(pointer.to_owned(), message.to_owned())], "{pairs:?}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|x| json!(x)),
        (-10.0..10.0_f64).prop_map(|x| json!(x.round())),
        ".{0,8}".prop_map(Value::from),
        prop::sample::select(vec!["past", "red", "box", "circle"]).prop_map(Value::from),
    ];
    let name = || {
        prop_oneof![
            prop::sample::select(vec![
                "text", "limit", "name", "tags", "kind", "radius", "width", "height", "children"
            ])
            .prop_map(str::to_owned),
            ".{0,6}",
        ]
    };
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_arguments() -> impl Strategy<Value = Arguments> {
    let names =
        ["text", "limit", "loud", "when", "colour", "place", "shape", "numbers", "ratio", "tree", "anything", "other"];
    prop::collection::btree_map(prop::sample::select(names.to_vec()).prop_map(str::to_owned), any_json(), 0..8)
        .prop_map(|fields| fields.into_iter().collect())
}

fn fitting() -> impl Strategy<Value = Value> {
    (
        ".{0,20}",
        any::<u32>(),
        any::<Option<bool>>(),
        prop::option::of(prop::sample::select(vec!["past", "present"])),
        prop::option::of(prop::collection::vec(any::<i64>(), 0..5)),
        prop::option::of(any::<f64>().prop_filter("JSON has no other", |x| x.is_finite())),
        any_json(),
    )
        .prop_map(|(text, limit, loud, when, numbers, ratio, anything)| {
            json!({
                "text": text, "limit": limit, "loud": loud, "when": when, "numbers": numbers, "ratio": ratio,
                "anything": anything, "colour": null, "place": null, "shape": null, "tree": null,
            })
        })
}

proptest! {
    /// Whatever is sent: an answer, and where it does not fit, places that exist and messages of bounded length.
    #[test]
    fn any_arguments_get_an_answer(arguments in any_arguments()) {
        match check(spec("everything"), arguments.clone()) {
            Ok(checked) => {
                let again = check(spec("everything"), checked.clone());
                prop_assert_eq!(again, Ok(checked.clone()), "checking is idempotent");
                // What fits the schema fits the types.
                let called = call("everything", &Value::Object(checked));
                prop_assert!(called.is_ok(), "{:?}", called);
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty() && errors.len() <= 32);
                for error in errors {
                    prop_assert!(error.pointer.is_empty() || error.pointer.starts_with('/'));
                    prop_assert!(!error.message.is_empty() && error.message.len() < 600, "{}", error.message);
                }
            }
        }
    }

    #[test]
    fn fitting_arguments_round_trip(arguments in fitting()) {
        let answer = call("everything", &arguments);
        prop_assert_eq!(answer.unwrap(), arguments);
    }

    #[test]
    fn any_words_get_an_answer(pairs in prop::collection::vec(("[a-z]{1,6}|text|limit|loud|when|place|shape|numbers|tree", ".{0,12}"), 0..8)) {
        let _ = from_words(spec("everything"), &pairs);
    }
}
