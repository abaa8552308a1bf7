//! Clauses in brackets, and annotations after an `@`.
//!
//! | clause | what it does |
//! |---|---|
//! | `[entropy=0.07]` | draws that much from the pool first; what takes a seed gets the seed of the draw |
//! | `[minimal_output=true]` | an answer that is a list is refused |
//! | `[law_check=true]` | in a pipeline, each stage but the first must take what the one before it said |
//! | `[rollback=true]` | only what changes nothing is followed, because nothing here is taken back |
//! | `[phase=…]`, `@phase=…`, `@span=…`, `@dot=…` | name the work; carried, not acted on |

use super::sorry::Sorry;
use crate::metabolism::Amount;
use crate::near::clip;
use std::fmt;

/// Clauses and annotations of one stage at most.
pub const CLAUSES_MAX: usize = 8;
/// Longest name in an annotation, in bytes.
const NAME_MAX: usize = 64;

/// The phases of work.
pub const PHASES: [&str; 11] = [
    "PLAN",
    "RESEARCH",
    "DEVELOP",
    "STRATEGIZE",
    "CROSS-SYNERGIZE",
    "IMPLEMENT",
    "QA",
    "TEST",
    "EDUCATE",
    "MEASURE",
    "REFLECT",
];

/// What the clauses of a stage say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clauses {
    /// What it may draw from the pool.
    pub entropy: Option<Amount>,
    /// Whether a list is too much.
    pub minimal_output: bool,
    /// Whether a pipeline must not drop anything.
    pub law_check: bool,
    /// Whether it must be possible to take it back.
    pub rollback: bool,
    /// The phase of work, one of [`PHASES`].
    pub phase: Option<&'static str>,
    /// The span it belongs to.
    pub span: Option<String>,
    /// The place in a plan it belongs to.
    pub dot: Option<String>,
}

impl Clauses {
    /// Reads what follows a path. `position` is where that begins.
    pub(super) fn parse(mut text: &str, mut position: usize) -> Result<Self, Sorry> {
        let mut clauses = Self::default();
        let mut count = 0;
        while let Some(first) = text.chars().next() {
            count += 1;
            if count > CLAUSES_MAX {
                return Err(Sorry::TooMuch { what: "clauses", found: count, most: CLAUSES_MAX });
            }
            let (body, length) = match first {
                '[' => {
                    let unclosed = || Sorry::Syntax { position, expected: "]", found: "the end".to_owned() };
                    let end = text.find(']').ok_or_else(unclosed)?;
                    (&text[1..end], end + 1)
                }
                '@' => {
                    let end = text[1..].find(['@', '[']).map_or(text.len(), |i| i + 1);
                    (&text[1..end], end)
                }
                other => {
                    let found = other.to_string();
                    return Err(Sorry::Syntax { position, expected: "a clause, an annotation or the end", found });
                }
            };
            let Some((name, value)) = body.split_once('=') else {
                let found = clip(body).to_owned();
                return Err(Sorry::Syntax { position: position + 1, expected: "name=value", found });
            };
            clauses.take(first, name.trim(), value.trim(), position + 1)?;
            text = &text[length..];
            position += length;
        }
        Ok(clauses)
    }

    fn take(&mut self, kind: char, name: &str, value: &str, position: usize) -> Result<(), Sorry> {
        let wrong = |why: String| Sorry::Clause { name: clip(name).to_owned(), position, why };
        let flag = || match value {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong("must be true or false".to_owned())),
        };
        let word = || {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
            let good = !value.is_empty() && value.len() <= NAME_MAX && value.chars().all(fits);
            good.then(|| value.to_owned())
                .ok_or_else(|| wrong(format!("must be 1 to {NAME_MAX} letters, digits, '_', '-' or '.'")))
        };
        match (kind, name) {
            ('[', "entropy") => {
                let amount = value.parse().ok().and_then(Amount::new).filter(|amount| amount.get() <= 1.0);
                self.entropy = Some(amount.ok_or_else(|| wrong("must be a number from 0 to 1".to_owned()))?);
            }
            ('[', "minimal_output") => self.minimal_output = flag()?,
            ('[', "rollback") => self.rollback = flag()?,
            (_, "law_check") => self.law_check = flag()?,
            (_, "phase") => {
                let phase = PHASES.into_iter().find(|phase| *phase == value);
                self.phase = Some(phase.ok_or_else(|| wrong(format!("must be one of {}", PHASES.join(", "))))?);
            }
            ('@', "span") => self.span = Some(word()?),
            ('@', "dot") => self.dot = Some(word()?),
            _ => return Err(wrong("is not known".to_owned())),
        }
        Ok(())
    }
}

/// As they are written, each once.
impl fmt::Display for Clauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(amount) = self.entropy {
            // The form for programs: it writes very small numbers with an exponent, not with hundreds of zeros.
            write!(f, "[entropy={:?}]", amount.get())?;
        }
        let flags =
            [("minimal_output", self.minimal_output), ("law_check", self.law_check), ("rollback", self.rollback)];
        flags.iter().filter(|(_, set)| *set).try_for_each(|(name, _)| write!(f, "[{name}=true]"))?;
        let marks = [("phase", self.phase), ("span", self.span.as_deref()), ("dot", self.dot.as_deref())];
        marks.iter().try_for_each(|(name, value)| value.map_or(Ok(()), |value| write!(f, "@{name}={value}")))
    }
}
