//! Keeps the browser's half small: views, closures and lists whose type ends here, so that
//! one copy of the code serves many.

use crate::element::Element;
use leptos::{
    attr::{Attribute, any_attribute::AnyAttribute},
    prelude::*,
    tachys::{
        hydration::Cursor,
        reactive_graph::SharedReactiveFunction,
        ssr::StreamBuilder,
        view::{Position, PositionState, add_attr::AddAnyAttr},
    },
};
use std::sync::{Arc, Mutex};

/// A view that is hydrated in one go. `AnyView` keeps a second, asynchronous hydration of everything below it, for
/// routes whose code is fetched later; this page has none, and leaving that half to its default saves a tenth of the
/// wasm.
struct Whole<V>(V);

/// A component's border. For a few types only, since each has code of its own.
pub(crate) trait IntoWhole {
    /// Like `into_any`, without the asynchronous half.
    fn whole(self) -> AnyView;
}

impl IntoWhole for AnyView {
    fn whole(self) -> AnyView {
        self
    }
}

macro_rules! into_whole {
    ($($kind:ty),* $(,)?) => { $(
        impl IntoWhole for $kind {
            #[inline(never)]
            fn whole(self) -> AnyView {
                Whole(self).into_any()
            }
        }
    )* };
}

into_whole!(
    Element,
    (),
    (AnyView, AnyView),
    Vec<AnyView>,
    Option<AnyView>,
    &'static str,
    String,
    Option<String>,
    Shared<String>,
    Shared<AnyView>,
);

/// A closure of a view. Every kind of closure and of result would be an own copy of the code that runs it, so there are
/// three: for words, for yes or no, and for parts of the page.
pub(crate) type Shared<T> = SharedReactiveFunction<T>;

/// Words that change, as text or as an attribute.
pub(crate) fn text<S: Into<String>>(mut words: impl FnMut() -> S + Send + 'static) -> Shared<String> {
    Arc::new(Mutex::new(move || words().into()))
}

/// Whether something holds, as a class or as an attribute.
pub(crate) fn flag(holds: impl FnMut() -> bool + Send + 'static) -> Shared<bool> {
    Arc::new(Mutex::new(holds))
}

/// A part of the page that is another one from time to time.
pub(crate) fn part(view: impl FnMut() -> AnyView + Send + 'static) -> Shared<AnyView> {
    Arc::new(Mutex::new(view))
}

/// One of a list, under a key that no other has.
pub(crate) struct Item {
    key: String,
    view: Box<dyn FnOnce() -> AnyView + Send>,
}

impl Item {
    pub(crate) fn new(key: String, view: impl FnOnce() -> AnyView + Send + 'static) -> Self {
        Self { key, view: Box::new(view) }
    }
}

/// A list that changes. What keeps its key stays as it is.
pub(crate) fn list(items: impl Fn() -> Vec<Item> + Send + 'static) -> AnyView {
    list_of(Box::new(items))
}

fn list_of(items: Box<dyn Fn() -> Vec<Item> + Send>) -> AnyView {
    let list = view! { <For each=items key=|item| item.key.clone() children=|item: Item| (item.view)() /> };
    Whole(list).into_any()
}

impl<V: Render> Render for Whole<V> {
    type State = V::State;

    fn build(self) -> Self::State {
        self.0.build()
    }

    fn rebuild(self, state: &mut Self::State) {
        self.0.rebuild(state);
    }
}

impl<V: RenderHtml> AddAnyAttr for Whole<V> {
    type Output<A: Attribute> = Whole<V::Output<A>>;

    fn add_any_attr<A: Attribute>(self, attr: A) -> Self::Output<A>
    where
        Self::Output<A>: RenderHtml,
    {
        Whole(self.0.add_any_attr(attr))
    }
}

impl<V: RenderHtml> RenderHtml for Whole<V> {
    type AsyncOutput = V::AsyncOutput;
    type Owned = Whole<V::Owned>;

    const MIN_LENGTH: usize = V::MIN_LENGTH;
    const EXISTS: bool = V::EXISTS;

    fn dry_resolve(&mut self) {
        self.0.dry_resolve();
    }

    async fn resolve(self) -> Self::AsyncOutput {
        self.0.resolve().await
    }

    fn html_len(&self) -> usize {
        self.0.html_len()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_async_with_buf::<OUT_OF_ORDER>(buf, position, escape, mark_branches, extra_attrs);
    }

    // Called from two places of `AnyView`.
    #[inline(never)]
    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        self.0.hydrate::<FROM_SERVER>(cursor, position)
    }

    fn into_owned(self) -> Self::Owned {
        Whole(self.0.into_owned())
    }
}
