//! Remarks on spelling, grammar and style, from `harper`. It owns what of them is handed on, and in which order.

use super::{
    LINTS_MAX, language,
    reading::{Checked, Lint, Span, Suggestion},
    words::Words,
};
use harper_core::{
    Dialect,
    linting::{LintGroup, Linter as _},
    remove_overlaps,
    spell::FstDictionary,
};

/// Suggestions of one remark.
const SUGGESTIONS_MAX: usize = 5;

/// Harper's rules, loaded when they are first needed.
#[derive(Default)]
pub(super) struct Linter(Option<LintGroup>);

impl Linter {
    /// Remarks on a text, in its order.
    pub(super) fn check(&mut self, text: &str) -> Checked {
        let rules = self.0.get_or_insert_with(|| LintGroup::new_curated(FstDictionary::curated(), Dialect::American));
        let words = Words::of(text);
        let language = language::guess(text, &words.list());
        let (mut lints, note) = if language.english {
            (rules.lint(&words.document), None)
        } else {
            // Every word would be a misspelling.
            let note = format!("This seems not to be English ({}), so it was not checked.", language.name);
            (Vec::new(), Some(note))
        };
        remove_overlaps(&mut lints);
        lints.sort_by_key(|lint| lint.span.start);
        let left_out = lints.len().saturating_sub(LINTS_MAX);
        let source = words.document.get_source();
        let lints = lints.into_iter().take(LINTS_MAX).map(|lint| told(lint, source)).collect();
        Checked { lints, left_out, language, note, offsets: "characters" }
    }
}

fn told(lint: harper_core::linting::Lint, source: &[char]) -> Lint {
    let suggestions = lint.suggestions.iter().take(SUGGESTIONS_MAX).map(|suggestion| match suggestion {
        harper_core::linting::Suggestion::ReplaceWith(with) => Suggestion::Replace { with: with.iter().collect() },
        harper_core::linting::Suggestion::InsertAfter(after) => Suggestion::Insert { after: after.iter().collect() },
        harper_core::linting::Suggestion::Remove => Suggestion::Remove,
    });
    Lint {
        text: lint.get_str(source),
        span: Span { start: lint.span.start, end: lint.span.end },
        kind: lint.lint_kind.to_string_key(),
        suggestions: suggestions.collect(),
        message: lint.message,
    }
}
