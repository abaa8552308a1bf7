//! Signals, memos, effects and references as Leptos has them, with one type of value inside. For Leptos every type of
//! value is another signal, and the browser gets all its code once more for each; here it gets it once, and a cast.
//!
//! Owns no rules of its own: what is tracked, and when something runs again, is Leptos' business.

use leptos::{
    html::{Div, ElementType},
    prelude::{
        self, GetUntracked as _, Read as _, ReadUntracked, Set as _, Track as _, Update as _, UpdateUntracked as _,
    },
    tachys::{html::node_ref::NodeRefContainer, renderer::types},
};
use std::{any::Any, fmt, marker::PhantomData, ops::Deref, sync::Arc};
use wasm_bindgen::JsCast;

type Held = Box<dyn Any + Send + Sync>;
type Guard = <prelude::RwSignal<Held> as ReadUntracked>::Value;

/// A value that is told of.
pub(crate) struct RwSignal<T>(prelude::RwSignal<Held>, PhantomData<fn() -> T>);

/// A value made from others.
pub(crate) struct Memo<T>(prelude::Memo<Made>, PhantomData<fn() -> T>);

/// An element of the document, once it is there.
pub(crate) struct NodeRef<E>(prelude::NodeRef<Div>, PhantomData<fn() -> E>);

/// What a signal is now, for as long as one looks.
pub(crate) struct Look<T>(Guard, PhantomData<fn() -> T>);

/// What a memo is made of. The same piece is the same value.
#[derive(Clone)]
struct Made(Arc<dyn Any + Send + Sync>);

type Make = dyn Fn(Option<&Made>) -> Made + Send + Sync;

impl PartialEq for Made {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Deref for Look<T>
where
    T: 'static,
{
    type Target = T;

    fn deref(&self) -> &T {
        seen(&**self.0)
    }
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn new(value: T) -> Self {
        Self(prelude::RwSignal::new(Box::new(value)), PhantomData)
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn read(self) -> Look<T> {
        Look(self.0.read(), PhantomData)
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn read_untracked(self) -> Look<T> {
        Look(self.0.read_untracked(), PhantomData)
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn get(self) -> T
    where
        T: Clone,
    {
        self.read().clone()
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.read_untracked().clone()
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn track(self) {
        self.0.track();
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn set(self, value: T) {
        self.0.set(Box::new(value));
    }

    /// Sets it if it is still there.
    pub(crate) fn try_set(self, value: T) {
        // What comes back is the value, where nobody is left to have it.
        drop(self.0.try_set(Box::new(value)));
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn update(self, change: impl FnOnce(&mut T)) {
        let mut change = Some(change);
        update(self.0, &mut |held| change.take().into_iter().for_each(|change| change(seen_mut(held))));
    }

    /// Changes it and tells nobody.
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn update_untracked(self, change: impl FnOnce(&mut T)) {
        let mut change = Some(change);
        update_untracked(self.0, &mut |held| change.take().into_iter().for_each(|change| change(seen_mut(held))));
    }
}

impl<T: PartialEq + Send + Sync + 'static> Memo<T> {
    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn new(make: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Self {
        let make = move |before: Option<&Made>| {
            let known = before.map(|before| seen::<T>(&*before.0));
            let made = make(known);
            match before.filter(|_| known == Some(&made)) {
                Some(before) => before.clone(),
                None => Made(Arc::new(made)),
            }
        };
        Self(memo(Box::new(make)), PhantomData)
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn read(self) -> impl Deref<Target = T> {
        cast::<T>(self.0.read().clone())
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn read_untracked(self) -> impl Deref<Target = T> {
        cast::<T>(self.0.read_untracked().clone())
    }

    /// Nothing once it is gone.
    pub(crate) fn try_read_untracked(self) -> Option<impl Deref<Target = T>> {
        self.0.try_get_untracked().map(cast::<T>)
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn get(self) -> T
    where
        T: Clone,
    {
        T::clone(&self.read())
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn get_untracked(self) -> T
    where
        T: Clone,
    {
        T::clone(&self.read_untracked())
    }

    #[cfg_attr(debug_assertions, track_caller)]
    pub(crate) fn track(self) {
        self.0.track();
    }
}

impl<E: ElementType> NodeRef<E>
where
    E::Output: JsCast + 'static,
{
    pub(crate) fn new() -> Self {
        Self(prelude::NodeRef::new(), PhantomData)
    }

    pub(crate) fn get(self) -> Option<E::Output> {
        prelude::Get::get(&self.0).map(JsCast::unchecked_into)
    }

    pub(crate) fn get_untracked(self) -> Option<E::Output> {
        self.0.get_untracked().map(JsCast::unchecked_into)
    }

    /// Nothing once it is gone.
    pub(crate) fn try_get_untracked(self) -> Option<E::Output> {
        self.0.try_get_untracked().flatten().map(JsCast::unchecked_into)
    }

    /// It is this one.
    pub(crate) fn load(self, node: &types::Element) {
        NodeRefContainer::<Div>::load(self.0, node);
    }
}

/// Runs now and whenever something has changed that it read. Browser only.
pub(crate) fn effect(run: impl FnMut() + 'static) {
    run_again(Box::new(run));
}

fn run_again(mut run: Box<dyn FnMut()>) {
    prelude::Effect::new(move |_| run());
}

#[cfg_attr(debug_assertions, track_caller)]
fn memo(make: Box<Make>) -> prelude::Memo<Made> {
    prelude::Memo::new(make)
}

#[cfg_attr(debug_assertions, track_caller)]
fn update(signal: prelude::RwSignal<Held>, change: &mut dyn FnMut(&mut Held)) {
    signal.update(change);
}

#[cfg_attr(debug_assertions, track_caller)]
fn update_untracked(signal: prelude::RwSignal<Held>, change: &mut dyn FnMut(&mut Held)) {
    signal.update_untracked(change);
}

/// Whoever holds a signal of a type has made it of that type.
fn seen<T: 'static>(held: &(dyn Any + Send + Sync)) -> &T {
    let Some(value) = held.downcast_ref() else { unreachable!() };
    value
}

fn seen_mut<T: 'static>(held: &mut Held) -> &mut T {
    let Some(value) = held.downcast_mut() else { unreachable!() };
    value
}

fn cast<T: Send + Sync + 'static>(made: Made) -> Arc<T> {
    let Ok(value) = made.0.downcast() else { unreachable!() };
    value
}

impl<T: Default + Send + Sync + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

macro_rules! handle {
    ($($name:ident),*) => { $(
        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )* };
}

handle!(RwSignal, Memo, NodeRef);
