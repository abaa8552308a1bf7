//! What is done on an event of an element. Browser only: the server drops it unheard.

use leptos::{
    prelude::*,
    reactive::diagnostics::SpecialNonReactiveZone,
    tachys::renderer::{RemoveEventHandler, Rndr, types},
};

/// Called with every event, as a part of the component that it was written in.
pub(super) struct Hear {
    owner: Owner,
    call: Box<dyn FnMut(types::Event) + Send>,
}

impl Hear {
    pub(super) fn new(call: Box<dyn FnMut(types::Event) + Send>) -> Self {
        Self { owner: Owner::current().unwrap_or_default(), call }
    }

    /// From now on, until what is returned is dropped.
    pub(super) fn attach(self, node: &types::Element, name: &str) -> RemoveEventHandler<types::Element> {
        let Self { owner, mut call } = self;
        let hear = Box::new(move |event| {
            let _zone = SpecialNonReactiveZone::enter();
            owner.with(|| call(event));
        });
        Rndr::add_event_listener(node, name, hear)
    }
}
