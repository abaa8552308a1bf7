//! How a view becomes HTML, how it is found again in the server's HTML, and how it becomes the next one. What each kind of
//! view is in the document, is Leptos' business; here it is only asked which kind it is.

use super::{Rows, Shared, Whole};
use crate::element::Element;
use leptos::{
    attr::any_attribute::AnyAttribute,
    prelude::*,
    tachys::{
        hydration::Cursor,
        no_attrs,
        renderer::types,
        view::{Position, PositionState},
    },
};

/// A view that is in the document.
pub(crate) enum Shown {
    Element(<Element as Render>::State),
    Words(<String as Render>::State),
    Changing(<Shared<String> as Render>::State),
    Part(<Shared<Whole> as Render>::State),
    Several(<Vec<Whole> as Render>::State),
    List(<Shared<Rows> as Render>::State),
}

impl Shown {
    fn inner(&self) -> &dyn Mountable {
        match self {
            Self::Element(shown) => shown,
            Self::Words(shown) => shown,
            Self::Changing(shown) => shown,
            Self::Part(shown) => shown,
            Self::Several(shown) => shown,
            Self::List(shown) => shown,
        }
    }

    fn inner_mut(&mut self) -> &mut dyn Mountable {
        match self {
            Self::Element(shown) => shown,
            Self::Words(shown) => shown,
            Self::Changing(shown) => shown,
            Self::Part(shown) => shown,
            Self::Several(shown) => shown,
            Self::List(shown) => shown,
        }
    }
}

impl Mountable for Shown {
    fn unmount(&mut self) {
        self.inner_mut().unmount();
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        self.inner_mut().mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.inner().insert_before_this(child)
    }

    fn elements(&self) -> Vec<types::Element> {
        self.inner().elements()
    }
}

impl Render for Whole {
    type State = Shown;

    fn build(self) -> Shown {
        match self {
            Self::Element(view) => Shown::Element(view.build()),
            Self::Words(view) => Shown::Words(view.build()),
            Self::Changing(view) => Shown::Changing(view.build()),
            Self::Part(view) => Shown::Part(view.build()),
            Self::Several(view) => Shown::Several(view.build()),
            Self::List(view) => Shown::List(view.build()),
        }
    }

    /// A view of another kind takes the place of what is shown.
    fn rebuild(self, shown: &mut Shown) {
        match (self, &mut *shown) {
            (Self::Element(view), Shown::Element(shown)) => view.rebuild(shown),
            (Self::Words(view), Shown::Words(shown)) => view.rebuild(shown),
            (Self::Changing(view), Shown::Changing(shown)) => view.rebuild(shown),
            (Self::Part(view), Shown::Part(shown)) => view.rebuild(shown),
            (Self::Several(view), Shown::Several(shown)) => view.rebuild(shown),
            (Self::List(view), Shown::List(shown)) => view.rebuild(shown),
            (view, _) => {
                let mut next = view.build();
                shown.insert_before_this(&mut next);
                shown.unmount();
                *shown = next;
            }
        }
    }
}

no_attrs!(Whole);

impl RenderHtml for Whole {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    // Nothing here waits for anything, so there is nothing to find out beforehand.
    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra: Vec<AnyAttribute>,
    ) {
        match self {
            Self::Element(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Self::Words(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Self::Changing(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Self::Part(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Self::Several(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
            Self::List(view) => view.to_html_with_buf(buf, position, escape, mark_branches, extra),
        }
    }

    // Called from many places, of which each would have it once more.
    #[inline(never)]
    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Shown {
        match self {
            Self::Element(view) => Shown::Element(view.hydrate::<FROM_SERVER>(cursor, position)),
            Self::Words(view) => Shown::Words(view.hydrate::<FROM_SERVER>(cursor, position)),
            Self::Changing(view) => Shown::Changing(view.hydrate::<FROM_SERVER>(cursor, position)),
            Self::Part(view) => Shown::Part(view.hydrate::<FROM_SERVER>(cursor, position)),
            Self::Several(view) => Shown::Several(view.hydrate::<FROM_SERVER>(cursor, position)),
            Self::List(view) => Shown::List(view.hydrate::<FROM_SERVER>(cursor, position)),
        }
    }

    fn into_owned(self) -> Self {
        self
    }
}
