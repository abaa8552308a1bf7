//! What is asked for, typed. From a stage, its arguments and its observer to a [`Request`], with everything checked that
//! can be checked without the garden. Whoever runs the garden carries it out.

use super::{
    argument::{self, Checked},
    aspect::Aspect,
    holon::{Base, Fixed, Holon, Whose},
    observer::Observer,
    path::{Path, aspects_of},
    route::Stage,
    sorry::Sorry,
};
use crate::metabolism::{Amount, VoidRequest, rein::Leave};
use serde_json::{Map, Value, json};
use wire::{
    AgentId, Ask, FieldError, TokenId,
    semaphore::{Reason, Severity, TokenStatus},
};

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Nothing more: this is the answer.
    Said(Value),
    /// Every agent.
    Agents,
    /// The gateway and the garden in numbers.
    Garden,
    /// Where to connect.
    Connect(Option<AgentId>),
    /// One agent.
    Agent(AgentId),
    /// What an agent said lately.
    Events(AgentId),
    /// What this observer may ask an agent.
    Affordances(AgentId, Detail),
    /// The addresses of an agent's sockets.
    Bridge(AgentId),
    /// How freely an agent may work.
    Rein(AgentId),
    /// Pauses an agent, lets it go on, or stops it.
    Leave(AgentId, Leave),
    /// The questions of an agent that wait.
    Pending(AgentId),
    /// Asks a person.
    Yield(AgentId, Box<Ask>),
    /// One question, as it stands.
    Token(TokenId),
    /// One question, and all that became of it.
    Inspect(TokenId),
    /// Questions.
    Questions {
        /// Of which agent.
        agent: Option<AgentId>,
        /// How they stand; all where it is nothing.
        status: Option<TokenStatus>,
        /// How many at most.
        limit: usize,
    },
    /// Answers a question.
    Resolve(TokenId, Value),
    /// Withdraws a question.
    Cancel(TokenId, Option<String>),
    /// How many questions lapsed.
    VoidExpired,
    /// How many questions are kept.
    Kept,
    /// Something of the void.
    Void(VoidRequest),
    /// A command that an agent exposes.
    Command(AgentId, String, Map<String, Value>),
}

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Names.
    Names,
    /// Names, explanations, arguments.
    All,
}

impl Stage {
    /// What it asks for.
    ///
    /// # Errors
    /// [`Sorry`]: this observer may not, `self` is nobody, or arguments do not fit.
    pub fn request(&self, given: Map<String, Value>, observer: &Observer) -> Result<Request, Sorry> {
        match &self.path {
            Path::Aspect(aspect) => self.aspect(*aspect, given, observer),
            Path::Command(whose, name) => Ok(Request::Command(self.whose(whose, observer)?, name.clone(), given)),
            Path::Base(Holon::Agent(whose), base) => {
                self.checked(&[], given)?;
                let id = self.whose(whose, observer)?;
                Ok(match base {
                    Base::Manifest => Request::Agent(id),
                    Base::Witness => Request::Events(id),
                    Base::Affordances => Request::Affordances(id, Detail::Names),
                    Base::Help => Request::Affordances(id, Detail::All),
                })
            }
            Path::Base(Holon::Fixed(holon), base) => self.base(*holon, *base, given, observer),
        }
    }

    /// Whether this observer may ask for it at all.
    ///
    /// # Errors
    /// [`Sorry::Affordance`], with what there is for them.
    pub fn afford(&self, observer: &Observer) -> Result<(), Sorry> {
        let Path::Aspect(aspect) = &self.path else { return Ok(()) };
        let row = aspect.row();
        if observer.is_afforded(row.who) {
            return Ok(());
        }
        let available = afforded(row.holon, observer).map(|name| format!("{}.{name}", row.holon.path())).collect();
        let archetype = observer.archetype().to_owned();
        Err(Sorry::Affordance { path: self.path.to_string(), archetype, available })
    }

    fn base(
        &self,
        holon: Fixed,
        base: Base,
        mut given: Map<String, Value>,
        observer: &Observer,
    ) -> Result<Request, Sorry> {
        if let (Fixed::Identity, Base::Manifest) = (holon, base) {
            return Ok(Request::Said(given.remove("input").unwrap_or_default()));
        }
        self.checked(&[], given)?;
        let questions = |status| Request::Questions { agent: None, status, limit: 100 };
        Ok(match (base, holon) {
            (Base::Affordances, _) => Request::Said(affordances(holon, observer)),
            (Base::Help, _) => Request::Said(help(holon, observer)),
            (Base::Manifest, Fixed::Agents) => Request::Agents,
            (Base::Manifest, Fixed::Terrarium | Fixed::Dashboard) => Request::Garden,
            (Base::Manifest, Fixed::Purgatory) => questions(Some(TokenStatus::Pending)),
            (Base::Witness, Fixed::Purgatory) => questions(None),
            (Base::Manifest, Fixed::Semaphore) => Request::Pending(self.whose(&Whose::Observers, observer)?),
            (Base::Manifest, Fixed::Flux) => Request::Bridge(self.whose(&Whose::Observers, observer)?),
            (Base::Manifest, Fixed::VoidTerrarium) => Request::Void(VoidRequest::Metabolism),
            (Base::Manifest, Fixed::Entropy) => Request::Void(VoidRequest::Status),
            (Base::Witness, Fixed::Entropy | Fixed::VoidTerrarium) => Request::Void(VoidRequest::Witness),
            (Base::Manifest, Fixed::Capital) => {
                Request::Void(VoidRequest::Balance { account: observer.account().to_owned() })
            }
            (Base::Witness, Fixed::Capital) => {
                Request::Void(VoidRequest::Entries { account: observer.account().to_owned(), limit: 100 })
            }
            // These are words, and have no state to show; the parser lets no witness of them through.
            (Base::Manifest | Base::Witness, _) => Request::Said(help(holon, observer)),
        })
    }

    fn aspect(&self, aspect: Aspect, given: Map<String, Value>, observer: &Observer) -> Result<Request, Sorry> {
        let row = aspect.row();
        self.afford(observer)?;
        let mut args = self.checked(row.arguments, given)?;
        let account = || observer.account().to_owned();
        let own = || self.whose(&Whose::Observers, observer);
        let void = |request| Ok(Request::Void(request));
        match aspect {
            Aspect::Connect => Ok(Request::Connect(self.agent(&mut args)?)),
            Aspect::Pending => Ok(Request::Pending(own()?)),
            Aspect::Yield => Ok(Request::Yield(own()?, Box::new(ask(&mut args)))),
            Aspect::TokenStatus => Ok(Request::Token(self.token(&mut args)?)),
            Aspect::Bridge => Ok(Request::Bridge(own()?)),
            Aspect::Reins => Ok(Request::Rein(self.agent_or_own(&mut args, observer)?)),
            Aspect::Pause => Ok(Request::Leave(self.agent_or_own(&mut args, observer)?, Leave::Pause)),
            Aspect::GoOn => Ok(Request::Leave(self.agent_or_own(&mut args, observer)?, Leave::GoOn)),
            Aspect::Stop => Ok(Request::Leave(self.agent_or_own(&mut args, observer)?, Leave::Stop)),
            Aspect::List => {
                let status = TokenStatus::parse(&args.text("status"));
                Ok(Request::Questions { agent: self.agent(&mut args)?, status, limit: count(args.whole("limit")) })
            }
            Aspect::Inspect => Ok(Request::Inspect(self.token(&mut args)?)),
            Aspect::Resolve => Ok(Request::Resolve(self.token(&mut args)?, args.any("human_input"))),
            Aspect::Cancel => Ok(Request::Cancel(self.token(&mut args)?, args.maybe_text("reason"))),
            Aspect::VoidExpired => Ok(Request::VoidExpired),
            Aspect::Gc => Ok(Request::Kept),
            Aspect::Metabolism => void(VoidRequest::Metabolism),
            Aspect::Pressure => void(VoidRequest::Pressure),
            Aspect::Fever => void(VoidRequest::Fever),
            Aspect::Status => void(VoidRequest::Status),
            Aspect::Oblique => void(VoidRequest::Oblique { seed: args.maybe_number("seed") }),
            Aspect::Dream => void(VoidRequest::Dream { context: args.any("context") }),
            Aspect::Tithe => void(VoidRequest::Tithe { amount: amount(&args, "amount") }),
            Aspect::Sip => void(VoidRequest::Sip { amount: amount(&args, "amount") }),
            Aspect::Pour => void(VoidRequest::Pour { grant: args.whole("grant") }),
            Aspect::Sample => void(VoidRequest::Sample),
            Aspect::Tangent | Aspect::TangentSip => void(VoidRequest::Tangent {
                confidence_threshold: args.number("confidence_threshold"),
                context: args.text("context"),
            }),
            Aspect::Inspire => void(VoidRequest::Inspire { domain: args.text("domain") }),
            Aspect::Thanksgiving => void(VoidRequest::Thanksgiving),
            Aspect::Thank => void(VoidRequest::Thank { target: args.text("target") }),
            Aspect::Acknowledge => void(VoidRequest::Acknowledge { what: args.text("what") }),
            Aspect::Balance => void(VoidRequest::Balance { account: account() }),
            Aspect::Entries => void(VoidRequest::Entries { account: account(), limit: count(args.whole("limit")) }),
            Aspect::Potlatch => void(VoidRequest::Potlatch { account: account(), amount: amount(&args, "amount") }),
            Aspect::Bypass => void(VoidRequest::Bypass {
                account: account(),
                cost: amount(&args, "cost"),
                ttl_s: args.whole("ttl_s"),
                check: args.text("check"),
            }),
            Aspect::Pass => void(VoidRequest::Pass { bypass: args.whole("bypass"), check: args.text("check") }),
            Aspect::Credit => {
                void(VoidRequest::Credit { amount: amount(&args, "amount"), account: args.text("account") })
            }
            Aspect::Solve => void(VoidRequest::Solve {
                retries: u32::try_from(args.whole("retries")).unwrap_or_default(),
                problem: args.text("problem"),
                ensure: args.maybe_text("ensure"),
            }),
            Aspect::Melt => void(VoidRequest::Melt { what: args.text("what") }),
            Aspect::Verify => void(VoidRequest::Verify { what: args.text("what") }),
            Aspect::Imagine => void(VoidRequest::Imagine { domain: args.text("domain") }),
        }
    }

    fn checked(&self, rows: &[argument::Argument], given: Map<String, Value>) -> Result<Checked, Sorry> {
        argument::check(rows, given).map_err(|errors| Sorry::Arguments { path: self.path.to_string(), errors })
    }

    fn whose(&self, whose: &Whose, observer: &Observer) -> Result<AgentId, Sorry> {
        match whose {
            Whose::Named(id) => Ok(id.clone()),
            Whose::Observers => {
                observer.agent().cloned().ok_or_else(|| Sorry::Observer { path: self.path.to_string() })
            }
        }
    }

    fn agent(&self, args: &mut Checked) -> Result<Option<AgentId>, Sorry> {
        let id = args.maybe_text("agent").map(|id| AgentId::parse(&id)).transpose();
        id.map_err(|why| self.wrong("/args/agent", why.to_string()))
    }

    fn agent_or_own(&self, args: &mut Checked, observer: &Observer) -> Result<AgentId, Sorry> {
        self.agent(args)?.map_or_else(|| self.whose(&Whose::Observers, observer), Ok)
    }

    fn token(&self, args: &mut Checked) -> Result<TokenId, Sorry> {
        TokenId::parse(&args.text("token")).map_err(|why| self.wrong("/args/token", why.to_string()))
    }

    fn wrong(&self, pointer: &str, message: String) -> Sorry {
        let errors = vec![FieldError { pointer: pointer.to_owned(), message }];
        Sorry::Arguments { path: self.path.to_string(), errors }
    }
}

/// What this observer may ask a holon, by name.
fn afforded(holon: Fixed, observer: &Observer) -> impl Iterator<Item = &'static str> {
    aspects_of(holon)
        .filter(move |name| Aspect::of(holon, name).is_none_or(|aspect| observer.is_afforded(aspect.row().who)))
}

fn affordances(holon: Fixed, observer: &Observer) -> Value {
    json!({
        "holon": holon.path(), "archetype": observer.archetype(),
        "affordances": afforded(holon, observer).collect::<Vec<_>>(),
    })
}

fn help(holon: Fixed, observer: &Observer) -> Value {
    let rows = Aspect::all_of(holon).filter(|aspect| observer.is_afforded(aspect.row().who)).map(|aspect| {
        let row = aspect.row();
        json!({
            "path": aspect.path(), "help": row.help, "scope": row.scope,
            "takes": row.takes, "arguments": argument::schema(row.arguments),
        })
    });
    json!({"holon": holon.path(), "help": holon.help(), "aspects": rows.collect::<Vec<_>>()})
}

fn ask(args: &mut Checked) -> Ask {
    let (reason, severity) = (args.text("reason"), args.text("severity"));
    Ask {
        prompt: args.text("prompt"),
        reason: Reason::ALL.into_iter().find(|r| r.as_str() == reason).unwrap_or(Reason::ApprovalNeeded),
        severity: Severity::ALL.into_iter().find(|s| s.as_str() == severity).unwrap_or_default(),
        options: args.texts("options"),
        timeout_ms: Some(args.whole("timeout_ms")).filter(|ms| *ms > 0),
        escalation: args.maybe_text("escalation"),
        ..Ask::default()
    }
}

/// The rows let only what is an amount through.
fn amount(args: &Checked, name: &str) -> Amount {
    Amount::new(args.number(name)).unwrap_or_default()
}

fn count(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
