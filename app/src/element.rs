//! The one type of element that the page is made of; `markup::view` writes it. Leptos has a type for every element with
//! its attributes and children, and the browser gets code for each of them; here it gets the code once, and the elements
//! are data.
//!
//! Owns what an element is; never what is shown.

mod hear;
mod render;
mod said;

pub(crate) use said::Said;

use crate::{
    signal::NodeRef,
    whole::{IntoWhole, Shared, Whole},
};
use hear::Hear;
use leptos::{ev::EventDescriptor, html::ElementType, tachys::renderer::types};
use said::Place;
use std::borrow::Cow;
use wasm_bindgen::JsCast;

/// Attributes that never change.
type Fixed = &'static [(&'static str, &'static str)];

/// An element with all that is in it. In a box, so that it goes from call to call as one word.
pub(crate) struct Element(Box<Inside>);

struct Inside {
    tag: &'static str,
    fixed: Fixed,
    parts: Vec<Part>,
    /// Set as one piece, instead of children.
    html: Cow<'static, str>,
    children: Vec<Whole>,
}

/// What an element has apart from its fixed attributes and its children.
enum Part {
    Says(Place, &'static str, Said),
    Hears(&'static str, Hear),
    Reference(Box<dyn FnOnce(&types::Element) + Send>),
}

impl Element {
    pub(crate) fn new(tag: &'static str, fixed: Fixed) -> Self {
        Self(Box::new(Inside { tag, fixed, parts: Vec::new(), html: Cow::Borrowed(""), children: Vec::new() }))
    }

    /// An attribute.
    pub(crate) fn set(self, name: &'static str, said: impl Into<Said>) -> Self {
        self.with(Part::Says(Place::Attribute, name, said.into()))
    }

    /// A class that it has at times.
    pub(crate) fn class(self, name: &'static str, holds: Shared<bool>) -> Self {
        self.with(Part::Says(Place::Class, name, holds.into()))
    }

    /// A property, which is not part of the HTML.
    pub(crate) fn property(self, name: &'static str, words: Shared<String>) -> Self {
        self.with(Part::Says(Place::Property, name, words.into()))
    }

    /// What is done on an event. The event is named twice: for the browser, and for the type of what is heard.
    pub(crate) fn on<E>(self, name: &'static str, _: E, mut hear: impl FnMut(E::EventType) + Send + 'static) -> Self
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        self.with(Part::Hears(name, Hear::new(Box::new(move |event| hear(event.unchecked_into())))))
    }

    /// Where to find it once it is in the document.
    pub(crate) fn reference<E: ElementType>(self, reference: NodeRef<E>) -> Self
    where
        E::Output: JsCast,
    {
        self.with(Part::Reference(Box::new(move |node| reference.load(node))))
    }

    /// HTML in place of children.
    pub(crate) fn inner_html(mut self, html: impl Into<Cow<'static, str>>) -> Self {
        self.0.html = html.into();
        self
    }

    pub(crate) fn child(self, child: impl IntoWhole) -> Self {
        self.add(child.whole())
    }

    #[inline(never)]
    fn add(mut self, child: Whole) -> Self {
        self.0.children.push(child);
        self
    }

    #[inline(never)]
    fn with(mut self, part: Part) -> Self {
        self.0.parts.push(part);
        self
    }
}
