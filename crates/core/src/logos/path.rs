//! A path, and what it is parsed from.
//!
//! `world.agent.<id>.<command>` is a command that an agent exposes, and `self.<command>` the same of the observer's own
//! agent. A path that ends at a holon means its manifest. `void.metabolism` is another name of `void.entropy`, and
//! `world.agent` of `world.terrarium.agents`.

use super::{
    aspect::Aspect,
    holon::{Base, Fixed, Holon, Whose},
    sorry::Sorry,
};
use crate::near::{clip, near};
use std::fmt;
use wire::{AgentId, Scope};

/// Names in a path at most.
pub const DEPTH_MAX: usize = 6;
/// Longest name of a command, in bytes.
pub const COMMAND_MAX: usize = 64;

/// The contexts.
pub const CONTEXTS: [&str; 5] = ["world", "self", "concept", "void", "time"];

/// What is asked of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// An aspect of the table.
    Aspect(Aspect),
    /// What every holon can be asked.
    Base(Holon, Base),
    /// A command that an agent exposes.
    Command(Whose, String),
}

/// What a caller must be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// This.
    Scope(Scope),
    /// What the command states, which only its agent knows.
    ByCommand,
}

impl Path {
    /// Reads a path without clauses. `position` is where it begins in the whole text.
    pub(super) fn parse(text: &str, position: usize) -> Result<Self, Sorry> {
        let (names, depth) = split(text, position)?;
        let names = &names[..depth];
        match names {
            ["world", "agent", id] => Ok(Self::Base(Holon::Agent(Whose::Named(agent(id, text)?)), Base::Manifest)),
            ["world", "agent", id, name] => Self::of_agent(Whose::Named(agent(id, text)?), name, text),
            ["self"] => Ok(Self::Base(Holon::Agent(Whose::Observers), Base::Manifest)),
            ["self", name] if Fixed::of(text).is_none() => Self::of_agent(Whose::Observers, name, text),
            _ => Self::fixed(names, text),
        }
    }

    fn of_agent(whose: Whose, name: &str, text: &str) -> Result<Self, Sorry> {
        if let Some(base) = Base::of(name) {
            return Ok(Self::Base(Holon::Agent(whose), base));
        }
        if name.len() > COMMAND_MAX {
            return Err(Sorry::not_found(text, "no command has a name that long", Vec::new()));
        }
        Ok(Self::Command(whose, name.to_owned()))
    }

    fn fixed(names: &[&str], text: &str) -> Result<Self, Sorry> {
        if let Some(holon) = Fixed::of(text) {
            return Ok(Self::Base(Holon::Fixed(holon), Base::Manifest));
        }
        let (parent, name) = text.rsplit_once('.').unwrap_or((text, ""));
        let Some(holon) = Fixed::of(parent) else { return Err(nowhere(names, text)) };
        if let Some(aspect) = Aspect::of(holon, name) {
            return Ok(Self::Aspect(aspect));
        }
        match Base::of(name) {
            Some(Base::Witness) if !has_witness(holon) => {}
            Some(base) => return Ok(Self::Base(Holon::Fixed(holon), base)),
            None => {}
        }
        let all: Vec<_> = aspects_of(holon).map(str::to_owned).collect();
        let why = format!("{} has {}", holon.path(), all.join(", "));
        let offered = near(text, all.iter().map(|aspect| format!("{parent}.{aspect}")));
        let offered =
            if offered.is_empty() { all.iter().map(|a| format!("{parent}.{a}")).take(5).collect() } else { offered };
        Err(Sorry::not_found(text, why, offered))
    }

    /// What a caller must be allowed to do.
    #[must_use]
    pub fn needs(&self) -> Needs {
        match self {
            Self::Aspect(aspect) => Needs::Scope(aspect.row().scope),
            Self::Base(..) => Needs::Scope(Scope::Observe),
            Self::Command(..) => Needs::ByCommand,
        }
    }

    /// Whether following it changes nothing.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.needs() == Needs::Scope(Scope::Observe)
    }

    /// What an aspect of it would belong to.
    #[must_use]
    pub fn holon(&self) -> Holon {
        match self {
            Self::Aspect(aspect) => Holon::Fixed(aspect.row().holon),
            Self::Base(holon, _) => holon.clone(),
            Self::Command(whose, _) => Holon::Agent(whose.clone()),
        }
    }

    /// Every path that is always there.
    pub fn all() -> impl Iterator<Item = String> {
        let fixed = Fixed::ALL.iter().flat_map(|holon| {
            aspects_of(*holon).map(|aspect| format!("{}.{aspect}", holon.path())).collect::<Vec<_>>()
        });
        fixed.chain(Base::ALL.map(|base| format!("self.{}", base.name())))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aspect(aspect) => write!(f, "{}.{}", aspect.row().holon.path(), aspect.row().name),
            Self::Base(holon, base) => write!(f, "{holon}.{}", base.name()),
            Self::Command(whose, name) => write!(f, "{}.{name}", Holon::Agent(whose.clone())),
        }
    }
}

/// The names of what a holon can be asked.
pub fn aspects_of(holon: Fixed) -> impl Iterator<Item = &'static str> {
    let base = Base::ALL.into_iter().filter(move |base| *base != Base::Witness || has_witness(holon));
    Aspect::all_of(holon).map(|aspect| aspect.row().name).chain(base.map(Base::name))
}

/// What happened is only told where somebody wrote it down.
fn has_witness(holon: Fixed) -> bool {
    matches!(holon, Fixed::Entropy | Fixed::Purgatory | Fixed::Capital | Fixed::VoidTerrarium)
}

/// The names of a path, checked letter by letter.
fn split(text: &str, position: usize) -> Result<([&str; DEPTH_MAX], usize), Sorry> {
    let (mut names, mut depth, mut from) = ([""; DEPTH_MAX], 0, 0);
    for (i, b) in text.bytes().chain([b'.']).enumerate() {
        let wrong = |expected| {
            let found = text[i..].chars().next().map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
            Err(Sorry::Syntax { position: position + i, expected, found })
        };
        match b {
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'_' | b'-' if i > from => {}
            b'.' if i > from => {
                if depth == DEPTH_MAX {
                    let found = text.bytes().filter(|b| *b == b'.').count() + 1;
                    return Err(Sorry::TooMuch { what: "names", found, most: DEPTH_MAX });
                }
                names[depth] = &text[from..i];
                depth += 1;
                from = i + 1;
            }
            b'A'..=b'Z' => return wrong("a small letter"),
            b'.' | b'_' | b'-' => return wrong("a letter or a digit"),
            _ => return wrong("a-z, 0-9, '_', '-' or '.'"),
        }
    }
    Ok((names, depth))
}

fn agent(id: &str, text: &str) -> Result<AgentId, Sorry> {
    AgentId::parse(id).map_err(|why| Sorry::not_found(text, why.to_string(), Vec::new()))
}

fn nowhere(names: &[&str], text: &str) -> Sorry {
    let context = names.first().copied().unwrap_or_default();
    let offered = near(text, Path::all());
    if !CONTEXTS.contains(&context) {
        let why = format!("a path begins with {}, and this one with {}", CONTEXTS.join(", "), clip(context));
        return Sorry::not_found(text, why, offered);
    }
    let beginning = format!("{context}.");
    let holons: Vec<_> = Fixed::ALL.iter().map(|h| h.path()).filter(|path| path.starts_with(&beginning)).collect();
    let why = match (context, holons.is_empty()) {
        ("self", _) => "self has self.<command>, self.flux and self.semaphore".to_owned(),
        ("world", _) => format!("in world there are {}, and world.agent.<id>", holons.join(", ")),
        (_, true) => format!("nothing lives in {context} yet"),
        (_, false) => format!("in {context} there are {}", holons.join(", ")),
    };
    Sorry::not_found(text, why, offered)
}
