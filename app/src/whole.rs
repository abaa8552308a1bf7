//! The one type of view that the page is made of, and what becomes one. Leptos has a type for every pair, list and closure
//! of views, and one that hides them, of which the browser gets all code once more for each type that it hides; here it
//! gets it once, and the views are data.
//!
//! Owns what a view is; never what is shown.

mod render;

use crate::element::Element;
use leptos::{
    reactive::owner::Owner,
    tachys::{
        reactive_graph::{OwnedView, SharedReactiveFunction},
        view::keyed::{Keyed, keyed},
    },
};
use std::sync::{Arc, Mutex};

/// A part of the page.
pub(crate) enum Whole {
    /// An element.
    Element(Element),
    /// Words that stay.
    Words(String),
    /// Words that change.
    Changing(Shared<String>),
    /// A part that is another one from time to time.
    Part(Shared<Whole>),
    /// Several parts, side by side; none is nothing.
    Several(Vec<Whole>),
    /// A list that changes.
    List(Shared<Rows>),
}

/// What becomes a part of the page.
pub(crate) trait IntoWhole {
    /// As a part of the page.
    fn whole(self) -> Whole;
}

/// A closure of a view. Every kind of closure and of result would be an own copy of the code that runs it, so there are
/// few: for words, for yes or no, and for parts of the page.
pub(crate) type Shared<T> = SharedReactiveFunction<T>;

/// The rows of a list, as Leptos keeps them.
type Rows = Keyed<Item, Vec<Item>, String, fn(&Item) -> String, Sow, fn(usize), OwnedView<Whole>>;
type Sow = Box<dyn Fn(usize, Item) -> (fn(usize), OwnedView<Whole>) + Send>;

/// Words that change, as text or as an attribute.
pub(crate) fn text<S: Into<String>>(mut words: impl FnMut() -> S + Send + 'static) -> Shared<String> {
    Arc::new(Mutex::new(move || words().into()))
}

/// Whether something holds, as a class or as an attribute.
pub(crate) fn flag(holds: impl FnMut() -> bool + Send + 'static) -> Shared<bool> {
    Arc::new(Mutex::new(holds))
}

/// A part of the page that is another one from time to time.
pub(crate) fn part(view: impl FnMut() -> Whole + Send + 'static) -> Shared<Whole> {
    Arc::new(Mutex::new(view))
}

/// One of a list, under a key that no other has.
pub(crate) struct Item {
    key: String,
    view: Box<dyn FnOnce() -> Whole + Send>,
}

impl Item {
    pub(crate) fn new(key: String, view: impl FnOnce() -> Whole + Send + 'static) -> Self {
        Self { key, view: Box::new(view) }
    }
}

/// A list that changes. What keeps its key stays as it is.
pub(crate) fn list(items: impl Fn() -> Vec<Item> + Send + 'static) -> Whole {
    list_of(Box::new(items))
}

/// Each row has an owner of its own below that of the list, so that it outlives the next look at the list.
fn list_of(items: Box<dyn Fn() -> Vec<Item> + Send>) -> Whole {
    let above = Owner::current().unwrap_or_default();
    let rows = move || {
        let above = above.clone();
        let sow: Sow = Box::new(move |_, item| {
            let own = above.with(Owner::new);
            let view = own.with(item.view);
            (drop::<usize>, OwnedView::new_with_owner(view, own))
        });
        keyed(items(), (|item| item.key.clone()) as fn(&Item) -> String, sow)
    };
    Whole::List(Arc::new(Mutex::new(rows)))
}

impl IntoWhole for Whole {
    fn whole(self) -> Whole {
        self
    }
}

impl IntoWhole for Element {
    fn whole(self) -> Whole {
        Whole::Element(self)
    }
}

impl IntoWhole for () {
    fn whole(self) -> Whole {
        Whole::Several(Vec::new())
    }
}

impl IntoWhole for Vec<Whole> {
    fn whole(self) -> Whole {
        Whole::Several(self)
    }
}

impl<T: IntoWhole> IntoWhole for Option<T> {
    fn whole(self) -> Whole {
        Whole::Several(self.map(T::whole).into_iter().collect())
    }
}

impl IntoWhole for &'static str {
    fn whole(self) -> Whole {
        Whole::Words(self.to_owned())
    }
}

impl IntoWhole for String {
    fn whole(self) -> Whole {
        Whole::Words(self)
    }
}

impl IntoWhole for Shared<String> {
    fn whole(self) -> Whole {
        Whole::Changing(self)
    }
}

impl IntoWhole for Shared<Whole> {
    fn whole(self) -> Whole {
        Whole::Part(self)
    }
}
