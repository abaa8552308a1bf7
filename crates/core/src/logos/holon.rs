//! What an aspect belongs to.

use std::fmt;
use wire::AgentId;

/// A place in the garden that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holon {
    /// One of those that are always there.
    Fixed(Fixed),
    /// An agent: its exposed commands are its aspects.
    Agent(Whose),
}

/// Which agent is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The one that the observer names: `self`.
    Observers,
    /// This one: `world.agent.<id>`.
    Named(AgentId),
}

/// What every holon can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// What it is.
    Manifest,
    /// What happened to it.
    Witness,
    /// What this observer may ask it.
    Affordances,
    /// The same with arguments and explanations.
    Help,
}

impl Base {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Manifest, Self::Witness, Self::Affordances, Self::Help];

    /// Its name in a path.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Witness => "witness",
            Self::Affordances => "affordances",
            Self::Help => "help",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|base| base.name() == name)
    }
}

macro_rules! holons {
    ($($name:ident $path:literal $help:literal)+) => {
        /// The holons that are always there.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fixed {
            $(#[doc = concat!("`", $path, "`: ", $help)] $name,)+
        }

        impl Fixed {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its path.
            #[must_use]
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path),+ }
            }

            /// What it is, in a sentence.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self { $(Self::$name => $help),+ }
            }

            /// The one at a path; `void.metabolism` is another name of `void.entropy`.
            #[must_use]
            pub fn of(path: &str) -> Option<Self> {
                match path {
                    $($path => Some(Self::$name),)+
                    "void.metabolism" => Some(Self::Entropy),
                    "world.agent" => Some(Self::Agents),
                    _ => None,
                }
            }
        }
    };
}

holons! {
    Terrarium "world.terrarium" "The gateway."
    Agents "world.terrarium.agents" "The agents of the garden."
    Dashboard "world.terrarium.dashboard" "The garden as it is shown."
    Purgatory "world.purgatory" "Questions that wait for a person, and those that did."
    Flux "self.flux" "The run loop of one's own agent."
    Semaphore "self.semaphore" "The questions of one's own agent."
    Identity "concept.identity" "What says what it is given."
    VoidTerrarium "void.terrarium" "How the whole garden fares."
    Entropy "void.entropy" "The engine and the pool: pressure, fever, and what is done with the surplus."
    Serendipity "void.serendipity" "Tangents."
    Gratitude "void.gratitude" "Thanks."
    Capital "void.capital" "Social capital, an account per agent."
    Pataphysics "void.pataphysics" "Imaginary solutions."
}

impl fmt::Display for Holon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(fixed) => f.write_str(fixed.path()),
            Self::Agent(Whose::Observers) => f.write_str("self"),
            Self::Agent(Whose::Named(id)) => write!(f, "world.agent.{id}"),
        }
    }
}
