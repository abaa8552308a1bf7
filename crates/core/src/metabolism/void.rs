//! The void: engine, pool, capital and muses behind one request and one answer.
//!
//! It owns what each request does and what it says. It dreams only as far as no model is needed: [`VoidRequest::Dream`]
//! is answered with an oblique strategy here, and whoever has a model asks it first.

use super::{
    amount::{Amount, Moment},
    capital::{Capital, Insufficient, Kind, SavedCapital},
    engine::{Engine, Spent, Turn, left_after},
    meter::Meters,
    muses::{self, IMAGINE_COST, INSPIRE_COST, SOLVE_COST, TANGENT_COST},
    oblique::oblique,
    pool::{EntropyPool, Granted, PoolError, SOURCE, SavedPool},
    velocity::Limits,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wire::{Timestamp, metabolism::EngineStatus};

/// Agents in one answer about the metabolism, the hottest first.
pub const METERS_SHOWN: usize = 100;

/// Pressures that differ by less are the same.
const SAME_PRESSURE: f64 = 1e-3;

/// What the void may be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum VoidRequest {
    /// Engine and agents.
    Metabolism,
    /// Pressure, and whether there is a fever.
    Pressure,
    /// Whether there is a fever, and since when.
    Fever,
    /// Pool and engine together.
    Status,
    /// Fevers and movements of the pool.
    Witness,
    /// A strategy.
    Oblique {
        /// What chooses it; the engine's dice where there is none.
        seed: Option<f64>,
    },
    /// A dream.
    Dream {
        /// What to dream of.
        context: Value,
    },
    /// Lets pressure off.
    Tithe {
        /// How much.
        amount: Amount,
    },
    /// Draws a grant.
    Sip {
        /// How much.
        amount: Amount,
    },
    /// Gives a grant back.
    Pour {
        /// Which.
        grant: u64,
    },
    /// Looks at chance without drawing on it.
    Sample,
    /// A tangent.
    Tangent {
        /// From what.
        context: String,
        /// How sure one wants to be of it.
        confidence_threshold: f64,
    },
    /// An inspiration.
    Inspire {
        /// For what.
        domain: String,
    },
    /// Gives thanks, which gives the pool a little back.
    Thanksgiving,
    /// Thanks somebody.
    Thank {
        /// Whom.
        target: String,
    },
    /// Acknowledges something.
    Acknowledge {
        /// What.
        what: String,
    },
    /// What an account holds.
    Balance {
        /// Whose.
        account: String,
    },
    /// The lines of an account.
    Entries {
        /// Whose.
        account: String,
        /// How many at most, the newest.
        limit: usize,
    },
    /// Gives capital away.
    Potlatch {
        /// Whose.
        account: String,
        /// How much.
        amount: Amount,
    },
    /// Buys a bypass.
    Bypass {
        /// Whose.
        account: String,
        /// Of which check.
        check: String,
        /// For how much.
        cost: Amount,
        /// For how long, in seconds.
        ttl_s: u64,
    },
    /// Uses a bypass up.
    Pass {
        /// Which.
        bypass: u64,
        /// For which check.
        check: String,
    },
    /// Gives an account capital.
    Credit {
        /// Whose.
        account: String,
        /// How much.
        amount: Amount,
    },
    /// An imaginary solution.
    Solve {
        /// Of what.
        problem: String,
        /// Words the solution has to contain.
        ensure: Option<String>,
        /// How many solutions may be tried for that.
        retries: u32,
    },
    /// Softens something rigid.
    Melt {
        /// What.
        what: String,
    },
    /// Certifies something, as everything can be.
    Verify {
        /// What.
        what: String,
    },
    /// Imagines.
    Imagine {
        /// In which domain.
        domain: String,
    },
}

/// Why the void did not do it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VoidError {
    /// The pool said no.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// An account does not hold enough.
    #[error(transparent)]
    Capital(#[from] Insufficient),
}

/// What survives a restart. Fever, meters, histories and bypasses do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedVoid {
    pressure: Amount,
    input_tokens: u64,
    output_tokens: u64,
    saved_at_ms: i64,
    pool: SavedPool,
    capital: SavedCapital,
}

impl SavedVoid {
    /// Whether nothing has happened between two of these but time: whoever reads the first lets its pressure decay.
    #[must_use]
    pub fn leads_to(&self, later: &Self) -> bool {
        let away_ms = u64::try_from(later.saved_at_ms.saturating_sub(self.saved_at_ms)).unwrap_or(0);
        let decayed = self.pressure.get() * left_after(away_ms);
        let timeless = |saved: &Self| Self { saved_at_ms: 0, pressure: Amount::ZERO, ..saved.clone() };
        (decayed - later.pressure.get()).abs() < SAME_PRESSURE && timeless(self) == timeless(later)
    }
}

/// The void.
#[derive(Debug, Clone)]
pub struct Void {
    meters: Meters,
    pool: EntropyPool,
    capital: Capital,
}

impl Void {
    /// A void at rest.
    #[must_use]
    pub fn new(seed: u64, limits: Limits, now: Moment) -> Self {
        let meters = Meters::new(Engine::new(seed, now), limits);
        Self { meters, pool: EntropyPool::default(), capital: Capital::default() }
    }

    /// As it was saved; the pressure has decayed meanwhile.
    #[must_use]
    pub fn restored(saved: SavedVoid, seed: u64, limits: Limits, now: Moment) -> Self {
        let spent = Spent { input: saved.input_tokens, output: saved.output_tokens };
        let away_ms = u64::try_from(now.wall.as_millis().saturating_sub(saved.saved_at_ms)).unwrap_or(0);
        let engine = Engine::new(seed, now).restored(saved.pressure, spent, away_ms);
        Self {
            meters: Meters::new(engine, limits),
            pool: EntropyPool::restored(saved.pool),
            capital: Capital::restored(saved.capital, now),
        }
    }

    /// What is to survive.
    #[must_use]
    pub fn saved(&self, now: Timestamp) -> SavedVoid {
        let engine = self.meters.engine();
        SavedVoid {
            pressure: Amount::new(engine.pressure()).unwrap_or_default(),
            input_tokens: engine.spent().input,
            output_tokens: engine.spent().output,
            saved_at_ms: now.as_millis(),
            pool: self.pool.saved(),
            capital: self.capital.saved(),
        }
    }

    /// An agent had a model called.
    pub fn tick(&mut self, agent: &wire::AgentId, spent: Spent, now: Moment) -> Option<Turn> {
        self.meters.tick(agent, spent, now, Some(&mut self.pool))
    }

    /// Draws on the pool for something that is done at once, and gives the seed of the draw.
    ///
    /// # Errors
    /// [`VoidError::Pool`]; nothing was drawn then.
    pub fn spend(&mut self, amount: Amount, now: Moment) -> Result<f64, VoidError> {
        self.pay(amount.get(), now)
    }

    /// What is left in the pool.
    #[must_use]
    pub fn entropy(&self) -> Amount {
        self.pool.remaining()
    }

    /// Time passes.
    pub fn rest(&mut self, now: Moment) -> Option<Turn> {
        self.meters.rest(now)
    }

    /// Time passes, and so many questions wait for a person.
    pub fn weigh(&mut self, questions: usize, now: Moment) -> Option<Turn> {
        self.meters.weigh(questions, now)
    }

    /// Has a fever begin.
    pub fn provoke(&mut self, trigger: wire::metabolism::FeverTrigger, now: Moment) -> Option<Turn> {
        self.meters.provoke(trigger, now, Some(&mut self.pool)).map(Turn::Began)
    }

    /// The meters, to be told of what is no token: errors, outputs, people.
    pub fn meters_mut(&mut self) -> &mut Meters {
        &mut self.meters
    }

    /// The meters.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The engine as it is.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        self.meters.engine().status()
    }

    /// Answers, and says whether a fever ended by it.
    ///
    /// # Errors
    /// [`VoidError`]; nothing was changed then.
    pub fn answer(&mut self, request: VoidRequest, now: Moment) -> Result<(Value, Option<Turn>), VoidError> {
        // Whatever is looked at is looked at as it is now, and not as of the last tick.
        let mut turn = self.meters.rest(now);
        let answer = match request {
            VoidRequest::Metabolism => {
                let agents = self.meters.read_all(METERS_SHOWN, now);
                let fevers = self.meters.fevers().total();
                with(self.status(), [("agents", value(&agents)), ("fevers", json!(fevers))])
            }
            VoidRequest::Pressure => {
                let status = self.status();
                json!({"pressure": status.pressure, "in_fever": status.in_fever})
            }
            VoidRequest::Fever => {
                let status = self.status();
                json!({"in_fever": status.in_fever, "fever_start": status.fever_start})
            }
            VoidRequest::Status => with(self.status(), fields(value(&self.pool.status()))),
            VoidRequest::Witness => json!({
                "fevers": self.meters.fevers().records().collect::<Vec<_>>(),
                "history": self.pool.history().collect::<Vec<_>>(),
            }),
            VoidRequest::Oblique { seed } => json!({"strategy": oblique(self.seed_or(seed))}),
            VoidRequest::Dream { .. } => json!({"dream": oblique(self.seed_or(None))}),
            VoidRequest::Tithe { amount } => {
                let (tithe, ended) = self.meters.tithe(amount, now);
                self.pool.tithe(now);
                turn = turn.or(ended);
                value(&tithe)
            }
            VoidRequest::Sip { amount } => {
                let seed = self.meters.seed();
                let grant = self.pool.sip(amount, seed, now)?;
                value(&Granted { grant, source: SOURCE, remaining: self.pool.remaining() })
            }
            VoidRequest::Pour { grant } => value(&self.pool.pour(grant, now)?),
            VoidRequest::Sample => json!({"seed": self.meters.seed(), "source": SOURCE}),
            VoidRequest::Tangent { context, confidence_threshold } => {
                let seed = self.pay(TANGENT_COST, now)?;
                let confidence = 1.0 - confidence_threshold;
                json!({"tangent": muses::tangent(seed), "confidence": confidence, "context": context, "seed": seed})
            }
            VoidRequest::Inspire { domain } => {
                let seed = self.pay(INSPIRE_COST, now)?;
                json!({"inspiration": muses::inspiration(seed), "domain": domain, "seed": seed})
            }
            VoidRequest::Thanksgiving => value(&self.pool.tithe(now)),
            VoidRequest::Thank { target } => json!({"gratitude": muses::thanks(&target), "target": target}),
            VoidRequest::Acknowledge { what } => json!({"acknowledged": what, "gratitude": "It was seen."}),
            VoidRequest::Balance { account } => {
                json!({"account": account, "balance": self.capital.balance(&account)})
            }
            VoidRequest::Entries { account, limit } => {
                let mut newest: Vec<_> = self.capital.history(&account).rev().take(limit).collect();
                newest.reverse();
                json!({"account": account, "history": newest})
            }
            VoidRequest::Potlatch { account, amount } => {
                let entry = self.capital.spend(&account, Kind::Potlatch, amount, now)?;
                json!({"account": account, "given": entry.amount, "balance": entry.balance})
            }
            VoidRequest::Bypass { account, check, cost, ttl_s } => {
                value(&self.capital.bypass(&account, &check, cost, ttl_s, now)?)
            }
            VoidRequest::Pass { bypass, check } => {
                json!({"passed": self.capital.pass(bypass, &check, now), "check_name": check})
            }
            VoidRequest::Credit { account, amount } => {
                let entry = self.capital.credit(&account, amount, now);
                json!({"account": account, "credited": entry.amount, "balance": entry.balance})
            }
            VoidRequest::Solve { problem, ensure, retries } => self.solve(&problem, ensure.as_deref(), retries, now)?,
            VoidRequest::Melt { what } => json!({"melted": muses::melted(self.meters.seed()), "what": what}),
            VoidRequest::Verify { what } => json!({"verified": what, "jarry_certified": true}),
            VoidRequest::Imagine { domain } => {
                let seed = self.pay(IMAGINE_COST, now)?;
                json!({"imagined": muses::solution(seed), "domain": domain, "seed": seed})
            }
        };
        Ok((answer, turn))
    }

    fn solve(&mut self, problem: &str, ensure: Option<&str>, retries: u32, now: Moment) -> Result<Value, VoidError> {
        let seed = self.pay(SOLVE_COST, now)?;
        let fits = |words: &str| ensure.is_none_or(|part| words.to_lowercase().contains(&part.to_lowercase()));
        let mut solution = muses::solution(seed);
        for _ in 0..retries {
            if fits(solution) {
                break;
            }
            solution = muses::solution(self.meters.seed());
        }
        let mut answer = json!({
            "solution": solution, "problem": problem, "method": "pataphysics_oblique", "jarry_certified": true,
        });
        if ensure.is_some() {
            answer["contract_satisfied"] = json!(fits(solution));
        }
        Ok(answer)
    }

    /// Pays the pool, and rolls.
    fn pay(&mut self, cost: f64, now: Moment) -> Result<f64, VoidError> {
        self.pool.draw(Amount::new(cost).unwrap_or_default(), now)?;
        Ok(self.meters.seed())
    }

    fn seed_or(&mut self, seed: Option<f64>) -> f64 {
        seed.unwrap_or_else(|| self.meters.seed())
    }
}

/// Words and finite numbers: they can always be written.
fn value<T: Serialize>(said: &T) -> Value {
    serde_json::to_value(said).unwrap_or_default()
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

fn with<K: Into<String>>(status: EngineStatus, more: impl IntoIterator<Item = (K, Value)>) -> Value {
    let mut all = fields(value(&status));
    all.extend(more.into_iter().map(|(name, value)| (name.into(), value)));
    Value::Object(all)
}
