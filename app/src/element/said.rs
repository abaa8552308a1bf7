//! What an element says of itself in attributes, classes and properties: once and for all, or anew whenever what it reads
//! has changed.

use crate::whole::Shared;
use leptos::{
    attr::AttributeValue,
    prelude::RenderEffect,
    tachys::{
        reactive_graph::ReactiveFunction as _,
        renderer::{Rndr, types},
    },
};
use std::borrow::Cow;
use wasm_bindgen::JsValue;

/// Where it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Attribute,
    Class,
    Property,
}

/// What is said now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Now {
    Words(Cow<'static, str>),
    /// An attribute without a value, a class: there or not there.
    Holds(bool),
}

/// What stands there already.
pub(super) enum Before {
    Nothing,
    Said(Now),
    /// The first render, in the server's HTML.
    Written,
}

/// What is said.
pub(crate) enum Said {
    Now(Now),
    Words(Shared<String>),
    Holds(Shared<bool>),
}

/// What was said last, and what says it anew.
pub(super) enum Kept {
    Now(Now),
    Changing(RenderEffect<Now>),
}

impl Said {
    fn now(&mut self) -> Now {
        match self {
            Self::Now(now) => now.clone(),
            Self::Words(words) => Now::Words(words.invoke().into()),
            Self::Holds(holds) => Now::Holds(holds.invoke()),
        }
    }

    /// As HTML; what belongs into `class` is gathered there.
    pub(super) fn write(mut self, place: Place, name: &str, html: &mut String, class: &mut String) {
        match (place, self.now()) {
            (Place::Property, _) => {}
            (Place::Attribute, Now::Words(words)) if name == "class" => gather(&words, class),
            (Place::Attribute, Now::Words(words)) => (&*words).to_html(name, html),
            (Place::Attribute, Now::Holds(holds)) => holds.to_html(name, html),
            (Place::Class, now) => {
                if now == Now::Holds(true) {
                    gather(name, class);
                }
            }
        }
    }

    /// In the document, from now on.
    pub(super) fn keep(mut self, node: &types::Element, place: Place, name: &'static str, before: Before) -> Kept {
        let (mut written, before) = match before {
            Before::Nothing => (false, None),
            Before::Said(now) => (false, Some(now)),
            // The server said what the first render says, but writes no properties.
            Before::Written => (place != Place::Property, None),
        };
        let node = node.clone();
        let mut say = move |before: Option<Now>, now: Now| {
            if !std::mem::take(&mut written) && before.as_ref() != Some(&now) {
                put(&node, place, name, &now);
            }
            now
        };
        match self {
            Self::Now(now) => Kept::Now(say(before, now)),
            _ => Kept::Changing(RenderEffect::new_with_value(move |before| say(before, self.now()), before)),
        }
    }
}

/// Adds to the words of a `class`.
fn gather(words: &str, class: &mut String) {
    if !class.is_empty() {
        class.push(' ');
    }
    class.push_str(words);
}

impl Kept {
    /// What stands there, for what comes after it.
    pub(super) fn before(self) -> Before {
        match self {
            Self::Now(now) => Before::Said(now),
            Self::Changing(effect) => effect.take_value().map_or(Before::Nothing, Before::Said),
        }
    }
}

fn put(node: &types::Element, place: Place, name: &str, now: &Now) {
    match (place, now) {
        (Place::Attribute, Now::Words(words)) => Rndr::set_attribute(node, name, words),
        (Place::Attribute, Now::Holds(true)) => Rndr::set_attribute(node, name, ""),
        (Place::Attribute, Now::Holds(false)) => Rndr::remove_attribute(node, name),
        (Place::Class, Now::Holds(true)) => Rndr::add_class(&Rndr::class_list(node), name),
        (Place::Class, _) => Rndr::remove_class(&Rndr::class_list(node), name),
        (Place::Property, Now::Words(words)) => Rndr::set_property_or_value(node, name, &JsValue::from_str(words)),
        (Place::Property, Now::Holds(holds)) => Rndr::set_property_or_value(node, name, &JsValue::from_bool(*holds)),
    }
}

impl From<&'static str> for Said {
    fn from(words: &'static str) -> Self {
        Self::Now(Now::Words(words.into()))
    }
}

impl From<String> for Said {
    fn from(words: String) -> Self {
        Self::Now(Now::Words(words.into()))
    }
}

impl From<bool> for Said {
    fn from(holds: bool) -> Self {
        Self::Now(Now::Holds(holds))
    }
}

impl From<Shared<String>> for Said {
    fn from(words: Shared<String>) -> Self {
        Self::Words(words)
    }
}

impl From<Shared<bool>> for Said {
    fn from(holds: Shared<bool>) -> Self {
        Self::Holds(holds)
    }
}
