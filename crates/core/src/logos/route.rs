//! A text, parsed: stages with `>>` between them, each a path with its clauses.

use super::{argument::Kind, clause::Clauses, path::Path, sorry::Sorry};
use serde_json::{Map, Value};
use std::fmt;
use wire::agentese::PATH_MAX;

/// Stages in a pipeline at most.
pub const STAGES_MAX: usize = 8;
/// What stands between two stages.
pub const PIPE: &str = ">>";

/// What was asked for: one stage, or several, each given what the one before it said.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    stages: Vec<Stage>,
}

/// A path with its clauses.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The path.
    pub path: Path,
    /// What its clauses say.
    pub clauses: Clauses,
}

impl Route {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Sorry`], with the place.
    pub fn parse(text: &str) -> Result<Self, Sorry> {
        if text.len() > PATH_MAX {
            return Err(Sorry::TooMuch { what: "bytes", found: text.len(), most: PATH_MAX });
        }
        if text.trim().is_empty() {
            return Err(Sorry::Empty);
        }
        let mut stages = Vec::with_capacity(1);
        let mut position = 0;
        for part in text.split(PIPE) {
            if stages.len() == STAGES_MAX {
                let found = text.split(PIPE).count();
                return Err(Sorry::TooMuch { what: "stages", found, most: STAGES_MAX });
            }
            stages.push(Stage::parse(part, position)?);
            position += part.len() + PIPE.len();
        }
        Self::lawful(stages)
    }

    /// The stages, in their order; at least one.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The same, to be taken.
    #[must_use]
    pub fn into_stages(self) -> Vec<Stage> {
        self.stages
    }

    fn lawful(stages: Vec<Stage>) -> Result<Self, Sorry> {
        for (i, stage) in stages.iter().enumerate() {
            if stage.clauses.law_check && i > 0 && !stage.takes_input() {
                let why = format!("{} takes nothing, so what the stage before it said would be lost", stage.path);
                return Err(Sorry::Composition { law: "composition", why });
            }
            if stage.clauses.rollback && !stage.path.only_reads() {
                let why = format!("{} changes something, and nothing here is taken back", stage.path);
                return Err(Sorry::Composition { law: "rollback", why });
            }
        }
        Ok(Self { stages })
    }
}

impl Stage {
    fn parse(part: &str, position: usize) -> Result<Self, Sorry> {
        let lead = part.len() - part.trim_start().len();
        let (part, position) = (part.trim(), position + lead);
        let end = part.find(['[', '@']).unwrap_or(part.len());
        let (path, rest) = part.split_at(end);
        Ok(Self { path: Path::parse(path, position)?, clauses: Clauses::parse(rest, position + end)? })
    }

    /// Whether it can take what the stage before it said. What a command takes is known only where it runs.
    #[must_use]
    pub fn takes_input(&self) -> bool {
        match &self.path {
            Path::Aspect(aspect) => aspect.row().takes.is_some(),
            Path::Base(holon, _) => is_identity(holon),
            Path::Command(..) => true,
        }
    }

    /// Gives it what the stage before it said, for the argument that takes it: of an object, the field of that name, or, if
    /// the argument cannot take an object, its only field. An argument that is there already stays.
    pub fn give(&self, arguments: &mut Map<String, Value>, said: Value) {
        let (name, takes_anything) = match &self.path {
            Path::Aspect(aspect) => match aspect.row().takes {
                Some(name) => (name, aspect.row().arguments.iter().any(|a| a.name == name && a.kind == Kind::Any)),
                None => return,
            },
            Path::Base(holon, _) if is_identity(holon) => {
                arguments.entry("input").or_insert(said);
                return;
            }
            Path::Base(..) => return,
            Path::Command(..) => ("input", true),
        };
        arguments.entry(name).or_insert_with(|| fitting(name, takes_anything, said));
    }

    /// The agent and the command that it names, where it names one.
    #[must_use]
    pub fn command(&self) -> Option<(&super::holon::Whose, &str)> {
        if let Path::Command(whose, name) = &self.path { Some((whose, name)) } else { None }
    }

    /// Whether it takes a seed, which a draw of entropy can give it.
    #[must_use]
    pub fn takes_seed(&self) -> bool {
        matches!(&self.path, Path::Aspect(aspect) if aspect.row().arguments.iter().any(|a| a.name == "seed"))
    }

    /// Whether an answer is as small as was asked for.
    ///
    /// # Errors
    /// [`Sorry::Composition`].
    pub fn judge(&self, said: &Value) -> Result<(), Sorry> {
        if self.clauses.minimal_output && said.is_array() {
            let why = format!("{} answers with a list", self.path);
            return Err(Sorry::Composition { law: "minimal output", why });
        }
        Ok(())
    }
}

/// As it may be written: names in full, and no more than is said. Reading that gives the same again, unless it is longer
/// than a text may be.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, stage) in self.stages.iter().enumerate() {
            write!(f, "{}{stage}", if i > 0 { " >> " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, self.clauses)
    }
}

fn is_identity(holon: &super::holon::Holon) -> bool {
    *holon == super::holon::Holon::Fixed(super::holon::Fixed::Identity)
}

/// What of an answer an argument of this name is given.
fn fitting(name: &str, takes_anything: bool, said: Value) -> Value {
    match said {
        Value::Object(mut fields) => match fields.remove(name) {
            Some(field) => field,
            None if fields.len() == 1 && !takes_anything => {
                fields.into_iter().next().map(|(_, value)| value).unwrap_or_default()
            }
            None => Value::Object(fields),
        },
        other => other,
    }
}
