//! How an element becomes HTML, how it is found again in the server's HTML, and how it becomes the next one. Follows
//! Leptos' order of nodes, since what stands between elements is Leptos'.

use super::{
    Element, Fixed, Inside, Part,
    said::{Before, Kept, Place, Said},
};
use crate::whole::Whole;
use leptos::{
    attr::{AttributeValue, any_attribute::AnyAttribute},
    prelude::*,
    tachys::{
        hydration::Cursor,
        no_attrs,
        renderer::{RemoveEventHandler, Rndr, types},
        view::{Position, PositionState},
    },
};
use std::borrow::Cow;
use wasm_bindgen::JsCast as _;

/// Elements without an end.
const VOID: [&str; 3] = ["input", "br", "hr"];
/// Elements of drawings, which are of another kind in the document.
const DRAWN: [&str; 2] = ["svg", "path"];
const DRAWING: &str = "http://www.w3.org/2000/svg";

/// An element that is in the document.
pub(crate) struct Shown {
    node: types::Element,
    tag: &'static str,
    fixed: Fixed,
    html: Cow<'static, str>,
    parts: Vec<Held>,
    children: Vec<<Whole as Render>::State>,
}

/// What keeps a part of an element alive.
enum Held {
    Said(Place, &'static str, Kept),
    Heard(&'static str, #[expect(dead_code, reason = "hears until it is dropped")] RemoveEventHandler<types::Element>),
    Referred,
}

impl Part {
    fn keep(self, node: &types::Element, before: Before) -> Held {
        match self {
            Self::Says(place, name, said) => Held::Said(place, name, said.keep(node, place, name, before)),
            Self::Hears(name, hear) => Held::Heard(name, hear.attach(node, name)),
            Self::Reference(load) => {
                load(node);
                Held::Referred
            }
        }
    }

    /// Whether this is the same part of an element as one that is shown.
    fn is_as(&self, held: &Held) -> bool {
        match (self, held) {
            (Self::Says(place, name, _), Held::Said(other_place, other, _)) => place == other_place && name == other,
            (Self::Hears(name, _), Held::Heard(other, _)) => name == other,
            (Self::Reference(_), Held::Referred) => true,
            _ => false,
        }
    }
}

impl Element {
    fn is_like(&self, shown: &Shown) -> bool {
        let as_before = self.0.tag == shown.tag && self.0.fixed == shown.fixed && self.0.html == shown.html;
        as_before
            && self.0.children.len() == shown.children.len()
            && self.0.parts.len() == shown.parts.len()
            && self.0.parts.iter().zip(&shown.parts).all(|(part, held)| part.is_as(held))
    }
}

impl Render for Element {
    type State = Shown;

    fn build(self) -> Shown {
        let Inside { tag, fixed, parts, html, children } = *self.0;
        let node = Rndr::create_element(tag, DRAWN.contains(&tag).then_some(DRAWING));
        for (name, words) in fixed {
            Rndr::set_attribute(&node, name, words);
        }
        let parts = parts.into_iter().map(|part| part.keep(&node, Before::Nothing)).collect();
        if !html.is_empty() {
            Rndr::set_inner_html(&node, &html);
        }
        let mut children: Vec<_> = children.into_iter().map(Whole::build).collect();
        for child in &mut children {
            child.mount(&node, None);
        }
        Shown { node, tag, fixed, html, parts, children }
    }

    /// An element of another kind, or with other parts, takes the place of what is shown.
    fn rebuild(self, shown: &mut Shown) {
        if !self.is_like(shown) {
            let mut next = self.build();
            shown.insert_before_this(&mut next);
            shown.unmount();
            *shown = next;
            return;
        }
        let node = &shown.node;
        let held = std::mem::take(&mut shown.parts).into_iter().zip(self.0.parts);
        let next = held.map(|(held, part)| {
            let before = if let Held::Said(_, _, kept) = held { kept.before() } else { Before::Nothing };
            part.keep(node, before)
        });
        shown.parts = next.collect();
        for (child, shown) in self.0.children.into_iter().zip(&mut shown.children) {
            child.rebuild(shown);
        }
    }
}

impl Mountable for Shown {
    fn unmount(&mut self) {
        Rndr::remove(&self.node);
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        Rndr::insert_node(parent, &self.node, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = Rndr::get_parent(&self.node).and_then(|parent| parent.dyn_into::<types::Element>().ok());
        parent.is_some_and(|parent| {
            child.mount(&parent, Some(&self.node));
            true
        })
    }

    fn elements(&self) -> Vec<types::Element> {
        vec![self.node.clone()]
    }
}

no_attrs!(Element);

impl RenderHtml for Element {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        for child in &mut self.0.children {
            child.dry_resolve();
        }
    }

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        _escape: bool,
        mark_branches: bool,
        _extra_attrs: Vec<AnyAttribute>,
    ) {
        let Inside { tag, fixed, parts, html, children } = *self.0;
        let mut class = String::new();
        buf.push('<');
        buf.push_str(tag);
        for (name, words) in fixed {
            Said::from(*words).write(Place::Attribute, name, buf, &mut class);
        }
        for part in parts {
            if let Part::Says(place, name, said) = part {
                said.write(place, name, buf, &mut class);
            }
        }
        if !class.is_empty() {
            AttributeValue::to_html(class, "class", buf);
        }
        buf.push('>');
        if !VOID.contains(&tag) {
            buf.push_str(&html);
            *position = Position::FirstChild;
            for child in children {
                child.to_html_with_buf(buf, position, true, mark_branches, Vec::new());
            }
            buf.push_str("</");
            buf.push_str(tag);
            buf.push('>');
        }
        *position = Position::NextChild;
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Shown {
        let Inside { tag, fixed, parts, html, children } = *self.0;
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let Ok(node) = cursor.current().dyn_into::<types::Element>() else {
            // The page cannot come to life from HTML that is not its own.
            panic!("no <{tag}> in the server's HTML");
        };
        let parts = parts.into_iter().map(|part| part.keep(&node, Before::Written)).collect();
        position.set(Position::FirstChild);
        let children = children.into_iter().map(|child| child.hydrate::<FROM_SERVER>(cursor, position)).collect();
        cursor.set(node.clone().into());
        position.set(Position::NextChild);
        Shown { node, tag, fixed, html, parts, children }
    }

    fn into_owned(self) -> Self {
        self
    }
}
