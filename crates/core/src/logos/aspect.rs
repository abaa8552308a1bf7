//! The table of aspects: one row each says where it is, what it does, who may, and what it takes.
//!
//! A row added here does not compile until [`super::request`] says what it asks for.

use super::{
    argument::{Absent, Argument, Kind, TEXT_MAX},
    holon::Fixed,
    observer::Who,
};
use crate::metabolism::capital::{BYPASS_TTL_MAX_S, BYPASS_TTL_S};
use wire::Scope;

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What it belongs to.
    pub holon: Fixed,
    /// Its name.
    pub name: &'static str,
    /// What a caller must be allowed to do.
    pub scope: Scope,
    /// For whom it is.
    pub who: Who,
    /// The argument that takes what the stage before said.
    pub takes: Option<&'static str>,
    /// What it takes.
    pub arguments: &'static [Argument],
    /// What it does, in a sentence.
    pub help: &'static str,
}

macro_rules! aspects {
    ($($aspect:ident = $holon:ident . $name:literal, $scope:ident, $who:ident, $takes:expr, $arguments:expr, $help:literal;)+) => {
        /// Everything that can be asked, besides what every holon can be asked and what agents expose.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Aspect {
            $(#[doc = $help] $aspect,)+
        }

        impl Aspect {
            /// Every aspect.
            pub const ALL: &[Self] = &[$(Self::$aspect),+];

            /// Its row.
            #[must_use]
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$aspect => &const {
                        Row {
                            holon: Fixed::$holon, name: $name, scope: Scope::$scope, who: Who::$who,
                            takes: $takes, arguments: $arguments, help: $help,
                        }
                    },)+
                }
            }
        }
    };
}

const fn text(name: &'static str, help: &'static str) -> Argument {
    Argument::new(name, Kind::Text(TEXT_MAX), Absent::Refused, help)
}

const fn or(name: &'static str, default: &'static str, help: &'static str) -> Argument {
    Argument::new(name, Kind::Text(TEXT_MAX), Absent::Text(default), help)
}

const fn maybe(name: &'static str, help: &'static str) -> Argument {
    Argument::new(name, Kind::Text(TEXT_MAX), Absent::Nothing, help)
}

const fn amount(most: f64, default: f64, help: &'static str) -> Argument {
    Argument::new("amount", Kind::Number(0.0, most), Absent::Number(default), help)
}

const TOKEN: Argument = text("token", "Which question: sem- and 32 hexadecimal digits.");
const AGENT: Argument = maybe("agent", "Of which agent; of all where it is left out.");
const OWN: Argument = maybe("agent", "Which agent; one's own where it is left out.");
const LIMIT: Argument = Argument::new("limit", Kind::Whole(1, 500), Absent::Whole(100), "How many at most.");
const NONE: &[Argument] = &[];
/// Longest prompt of a question, in characters; the ledger says more.
const PROMPT: Kind = Kind::Text(wire::semaphore::PROMPT_MAX);

aspects! {
    Connect = Terrarium."connect", Observe, Everybody, Some("agent"), &[AGENT],
        "Where to connect to the garden, or to one agent.";
    Pending = Semaphore."pending", Observe, Everybody, None, NONE, "The questions of one's own agent that wait.";
    Yield = Semaphore."yield", Perturb, Everybody, Some("prompt"), &[
            Argument::new("prompt", PROMPT, Absent::Refused, "The question."),
            Argument::new("reason", Kind::Choice(&[
                "approval_needed", "context_required", "sensitive_action", "ambiguous_choice", "resource_decision",
                "error_recovery",
            ]), Absent::Text("approval_needed"), "Why a person is needed."),
            Argument::new("options", Kind::Texts, Absent::Nothing, "Answers to choose from."),
            Argument::new("severity", Kind::Choice(&["info", "warning", "critical"]), Absent::Text("info"),
                "How much depends on it."),
            Argument::new("timeout_ms", Kind::Whole(1, wire::semaphore::DEADLINE_MAX_MS as u64), Absent::Nothing,
                "When it lapses, in milliseconds from now."),
            maybe("escalation", "Who is to be told then."),
        ], "Asks a person, as one's own agent.";
    TokenStatus = Semaphore."status", Observe, Everybody, Some("token"), &[TOKEN], "How a question stands.";
    Bridge = Flux."bridge", Observe, Everybody, None, NONE, "The addresses of one's own agent's sockets.";
    Reins = Flux."rein", Observe, Everybody, Some("agent"), &[OWN],
        "How freely an agent may work, and what is done when it runs a fever.";
    Pause = Flux."pause", Resolve, Keepers, Some("agent"), &[OWN],
        "Holds an agent: its source waits, and it takes up nothing that changes anything.";
    GoOn = Flux."go_on", Resolve, Keepers, Some("agent"), &[OWN],
        "Lets an agent that is held go on, and its fever be for 10 minutes.";
    Stop = Flux."stop", Resolve, Keepers, Some("agent"), &[OWN],
        "Ends an agent. It is held if the gateway starts again.";
    List = Purgatory."list", Observe, Everybody, None, &[
            AGENT,
            Argument::new("status", Kind::Choice(&["pending", "resolved", "delivered", "cancelled", "voided", "all"]),
                Absent::Text("pending"), "Which."),
            LIMIT,
        ], "Questions, newest first.";
    Inspect = Purgatory."inspect", Observe, Everybody, Some("token"), &[TOKEN], "One question and all that became of it.";
    Resolve = Purgatory."resolve", Resolve, Keepers, Some("human_input"), &[
            TOKEN, Argument::new("human_input", Kind::Any, Absent::Refused, "The answer."),
        ], "Answers a question.";
    Cancel = Purgatory."cancel", Resolve, Keepers, Some("token"), &[TOKEN, maybe("reason", "Why.")],
        "Withdraws a question.";
    VoidExpired = Purgatory."void_expired", Resolve, Keepers, None, NONE,
        "How many questions lapsed. Deadlines are timers here, so there is never one left to void.";
    Gc = Purgatory."gc", Resolve, Keepers, None, NONE,
        "How many questions are kept. What is over is let go by itself, thirty days later.";
    Metabolism = VoidTerrarium."metabolism", Observe, Everybody, None, NONE,
        "The engine, and what each agent contributes, the hottest first.";
    Pressure = Entropy."pressure", Observe, Everybody, None, NONE, "The pressure, and whether there is a fever.";
    Fever = Entropy."fever", Observe, Everybody, None, NONE, "Whether there is a fever, and since when.";
    Status = Entropy."status", Observe, Everybody, None, NONE, "Engine and pool.";
    Oblique = Entropy."oblique", Observe, Everybody, Some("seed"), &[
            Argument::new("seed", Kind::Number(0.0, 1.0), Absent::Nothing, "What chooses it; chance where it is left out."),
        ], "A strategy, for nothing.";
    Dream = Entropy."dream", Perturb, Everybody, Some("context"), &[
            Argument::new("context", Kind::Any, Absent::Nothing, "What to dream of."),
        ], "A dream, of the configured model where there is one, else a strategy.";
    Tithe = Entropy."tithe", Perturb, Everybody, Some("amount"), &[amount(1e6, 0.1, "How much pressure to let off.")],
        "Lets pressure off.";
    Sip = Entropy."sip", Perturb, Everybody, Some("amount"), &[amount(100.0, 0.1, "How much to draw.")],
        "Draws a grant from the pool.";
    Pour = Entropy."pour", Perturb, Everybody, Some("grant"), &[
            Argument::new("grant", Kind::Whole(1, u64::MAX), Absent::Refused, "Which grant, by its number."),
        ], "Gives a grant back that was not used; half of it is recovered.";
    Sample = Entropy."sample", Observe, Everybody, None, NONE, "A bit of chance, for nothing.";
    Tangent = Serendipity."tangent", Perturb, Everybody, Some("context"), TANGENT, "A tangent. Costs 0.05.";
    TangentSip = Serendipity."sip", Perturb, Everybody, Some("context"), TANGENT, "The same as tangent.";
    Inspire = Serendipity."inspire", Perturb, Everybody, Some("domain"), &[or("domain", "creativity", "For what.")],
        "An inspiration. Costs 0.03.";
    Thanksgiving = Gratitude."tithe", Perturb, Everybody, None, NONE, "Gives thanks; the pool gets a little back.";
    Thank = Gratitude."thank", Observe, Everybody, Some("target"), &[text("target", "Whom.")], "Thanks somebody.";
    Acknowledge = Gratitude."acknowledge", Observe, Everybody, Some("what"), &[text("what", "What.")],
        "Says that something was seen.";
    Balance = Capital."balance", Observe, Everybody, None, NONE, "What one's own account holds.";
    Entries = Capital."history", Observe, Everybody, None, &[LIMIT], "The lines of one's own account.";
    Potlatch = Capital."tithe", Perturb, Everybody, Some("amount"), &[amount(1.0, 0.1, "How much to give away.")],
        "Gives capital away, for nothing.";
    Bypass = Capital."bypass", Perturb, Everybody, Some("check"), &[
            or("check", "trust_gate", "Which check."),
            Argument::new("cost", Kind::Number(0.0, 1.0), Absent::Number(0.1), "What to pay."),
            Argument::new("ttl_s", Kind::Whole(1, BYPASS_TTL_MAX_S), Absent::Whole(BYPASS_TTL_S), "For how long, in seconds."),
        ], "Buys leave to pass one check, once. A check is whatever an agent makes one: it asks pass whether leave was bought.";
    Pass = Capital."pass", Perturb, Everybody, Some("bypass"), &[
            Argument::new("bypass", Kind::Whole(1, u64::MAX), Absent::Refused, "Which leave, by its number."),
            or("check", "trust_gate", "Which check."),
        ], "Uses leave up: true once, and for its own check only.";
    Credit = Capital."credit", Resolve, Keepers, None, &[
            text("account", "Whose: an agent's id, or a kind of observer."),
            amount(1.0, 0.1, "How much."),
        ], "Gives an account capital, as thanks for what its agent did. It holds 1 at most.";
    Solve = Pataphysics."solve", Perturb, Everybody, Some("problem"), &[
            text("problem", "Of what."),
            maybe("ensure", "Words that the solution has to contain."),
            Argument::new("retries", Kind::Whole(0, 10), Absent::Whole(3), "How many more solutions may be tried for that."),
        ], "An imaginary solution. Costs 0.08.";
    Melt = Pataphysics."melt", Observe, Everybody, Some("what"), &[or("what", "the wall", "What.")], "Softens something rigid.";
    Verify = Pataphysics."verify", Observe, Everybody, Some("what"), &[or("what", "everything", "What.")],
        "Certifies something, as everything can be.";
    Imagine = Pataphysics."imagine", Perturb, Everybody, Some("domain"), &[or("domain", "science", "In which domain.")],
        "Imagines. Costs 0.05.";
}

const TANGENT: &[Argument] = &[
    or("context", "", "From what."),
    Argument::new(
        "confidence_threshold",
        Kind::Number(0.0, 1.0),
        Absent::Number(0.5),
        "How sure to be of where it leads.",
    ),
];

impl Aspect {
    /// The aspect of that name of a holon.
    #[must_use]
    pub fn of(holon: Fixed, name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|aspect| aspect.row().holon == holon && aspect.row().name == name)
    }

    /// The aspects of a holon.
    pub fn all_of(holon: Fixed) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |aspect| aspect.row().holon == holon)
    }

    /// Its path.
    #[must_use]
    pub fn path(self) -> String {
        format!("{}.{}", self.row().holon.path(), self.row().name)
    }
}
