//! The life of one question: what it may be, who may decide it, and what follows. The only judge of it.
//!
//! A [`Token`] is a value; [`Token::judge`] says what a move makes of it, and changes nothing. Who keeps tokens writes the
//! new one down first and shows it afterwards.
//!
//! **Invariant:** nothing leaves a terminal status, and a decision, once made, never changes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wire::{
    AgentId, FieldError, Timestamp,
    semaphore::{
        Answer, Ask, AuditEntry, CONTEXT_MAX, DEADLINE_MAX_MS, Decision, Door, OPTIONS_MAX, OnTimeout, PROMPT_MAX,
        SemaphoreCard, Severity, Step, TokenId, TokenRecord, TokenStatus, Verdict, WORD_MAX,
    },
};

/// Who does something, and through which door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The name on their token, or of the agent.
    pub by: String,
    /// The door.
    pub door: Door,
}

/// A question with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// What is shown.
    pub card: SemaphoreCard,
    /// How it stands.
    pub status: TokenStatus,
    /// What was decided.
    pub decision: Option<Decision>,
    /// When its status last changed.
    pub moved_at: Timestamp,
    /// What the agent needs to go on. Never shown.
    pub frozen: Value,
    /// Who wants the answer.
    pub origin: Origin,
}

/// Who wants the answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// An agent of this gateway: it is resumed.
    Resident,
    /// The gateway, which asks about the agent and not for it: it acts on the answer.
    Keeper,
    /// Somebody outside, who fetches the answer.
    Foreign,
}

/// What is to happen to a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// Somebody answers it.
    Resolve(Answer),
    /// Somebody withdraws it.
    Cancel {
        /// Why.
        reason: Option<String>,
    },
    /// Its time is over, if it is.
    Expire,
    /// The agent has worked on the answer.
    Deliver,
    /// The agent was resumed and failed.
    FailResume {
        /// How.
        error: String,
    },
}

/// What a move makes of a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// It is now this, and this goes into the log.
    Moved(Box<(Token, AuditEntry)>),
    /// The same was done before: nothing changes, and that is fine.
    Repeat,
}

/// Why a move is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It is decided, and otherwise.
    #[error("{} has already answered it", .0.by)]
    Decided(Decision),
    /// It is over without a decision.
    #[error("it was {}", .0.as_str())]
    Over(TokenStatus),
    /// The answer does not fit the options or the schema.
    #[error("the answer does not fit")]
    Unfit(Vec<FieldError>),
    /// Its deadline has not come.
    #[error("its deadline has not come")]
    NotDue,
    /// Its deadline has come: that has to be dealt with first.
    #[error("its deadline has come")]
    Due,
    /// It is not decided yet.
    #[error("it is not decided yet")]
    Undecided,
}

/// Says whether a value fits a JSON Schema. Given by the caller, so that the rules stay free of a validator.
pub type Fits<'a> = &'a dyn Fn(&Value, &Value) -> Result<(), Vec<FieldError>>;

impl Token {
    /// Makes a question of an ask.
    ///
    /// # Errors
    /// Everything that is wrong with it, field by field.
    pub fn open(
        id: TokenId,
        agent: AgentId,
        ask: Ask,
        origin: Origin,
        frozen: Value,
        now: Timestamp,
    ) -> Result<Self, Vec<FieldError>> {
        let errors = faults(&ask, now);
        if !errors.is_empty() {
            return Err(errors);
        }
        let after = ask.timeout_ms.map(|ms| later(now, ms));
        let deadline = match (ask.deadline, after) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let card = SemaphoreCard {
            id,
            agent_id: agent,
            reason: ask.reason,
            prompt: ask.prompt,
            options: ask.options,
            severity: ask.severity,
            created_at: now,
            deadline,
            on_timeout: ask.on_timeout,
            escalation: ask.escalation,
            response_schema: ask.response_schema,
            context: ask.context,
        };
        Ok(Self { card, status: TokenStatus::Pending, decision: None, moved_at: now, frozen, origin })
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.status == TokenStatus::Pending && self.card.deadline.is_some_and(|d| now >= d)
    }

    /// Whether the agent has still to be resumed with the answer.
    #[must_use]
    pub fn awaits_delivery(&self) -> bool {
        self.status == TokenStatus::Resolved
    }

    /// SHA-256 of what is shown, in hexadecimal: of the card's JSON.
    #[must_use]
    pub fn shown(&self) -> String {
        let shown = json!([
            self.card.prompt,
            self.card.options,
            self.card.severity,
            self.card.context,
            self.card.response_schema,
            self.card.deadline,
            self.card.on_timeout
        ]);
        hex(&Sha256::digest(shown.to_string()))
    }

    /// What everybody may know of it, without its trail.
    #[must_use]
    pub fn record(self) -> TokenRecord {
        let shown = self.shown();
        let Self { card, status, decision, moved_at, .. } = self;
        TokenRecord { card, status, decision, moved_at, shown, audit: Vec::new() }
    }

    /// The line for the log at its birth.
    #[must_use]
    pub fn birth(&self, actor: &Actor) -> AuditEntry {
        self.entry(Step::Ejected, actor, self.card.created_at, None)
    }

    /// What a move would make of it.
    ///
    /// # Errors
    /// [`Refusal`]; nothing changes then.
    pub fn judge(&self, mv: Move, actor: &Actor, now: Timestamp, fits: Fits<'_>) -> Result<Judged, Refusal> {
        // A clock may step back; a life may not.
        let now = now.max(self.moved_at);
        match mv {
            Move::Resolve(answer) => self.resolve(answer, actor, now, fits),
            Move::Cancel { reason } => match self.status {
                TokenStatus::Pending if self.is_due(now) => Err(Refusal::Due),
                TokenStatus::Pending => {
                    Ok(self.moved(TokenStatus::Cancelled, Step::Cancelled, None, actor, now, reason))
                }
                TokenStatus::Cancelled => Ok(Judged::Repeat),
                _ => Err(self.over()),
            },
            Move::Expire => self.expire(actor, now),
            Move::Deliver => self.close(Step::Delivered, actor, now, None),
            Move::FailResume { error } => self.close(Step::ResumeFailed, actor, now, Some(error)),
        }
    }

    fn resolve(&self, answer: Answer, actor: &Actor, now: Timestamp, fits: Fits<'_>) -> Result<Judged, Refusal> {
        if let Some(decision) = &self.decision {
            let same = decision.verdict == Verdict::Answered && decision.human_input == answer.human_input;
            return if same { Ok(Judged::Repeat) } else { Err(Refusal::Decided(decision.clone())) };
        }
        if self.status != TokenStatus::Pending {
            return Err(Refusal::Over(self.status));
        }
        if self.is_due(now) {
            return Err(Refusal::Due);
        }
        let unfit = unfit(&self.card, &answer, fits);
        if !unfit.is_empty() {
            return Err(Refusal::Unfit(unfit));
        }
        let Answer { human_input, note } = answer;
        let decision = Decision { verdict: Verdict::Answered, human_input, by: actor.by.clone(), at: now, note };
        Ok(self.moved(TokenStatus::Resolved, Step::Resolved, Some(decision), actor, now, None))
    }

    fn expire(&self, actor: &Actor, now: Timestamp) -> Result<Judged, Refusal> {
        if self.status != TokenStatus::Pending {
            return Err(self.over());
        }
        if !self.is_due(now) {
            return Err(Refusal::NotDue);
        }
        let decided =
            |verdict| Decision { verdict, human_input: Value::Null, by: actor.by.clone(), at: now, note: None };
        let passed = Some("its deadline passed".to_owned());
        Ok(match self.card.on_timeout {
            OnTimeout::Void => self.moved(TokenStatus::Voided, Step::Voided, None, actor, now, passed),
            OnTimeout::Deny => {
                self.moved(TokenStatus::Resolved, Step::Resolved, Some(decided(Verdict::Denied)), actor, now, passed)
            }
            OnTimeout::Proceed => {
                self.moved(TokenStatus::Resolved, Step::Resolved, Some(decided(Verdict::Proceed)), actor, now, passed)
            }
            OnTimeout::Escalate => {
                let mut token = self.clone();
                token.card.severity = Severity::Critical;
                token.card.deadline = None;
                token.moved_at = now;
                let entry = token.entry(Step::Escalated, actor, now, token.card.escalation.clone());
                Judged::Moved(Box::new((token, entry)))
            }
        })
    }

    fn close(&self, step: Step, actor: &Actor, now: Timestamp, reason: Option<String>) -> Result<Judged, Refusal> {
        match self.status {
            TokenStatus::Resolved => Ok(self.moved(TokenStatus::Delivered, step, None, actor, now, reason)),
            TokenStatus::Delivered => Ok(Judged::Repeat),
            TokenStatus::Pending => Err(Refusal::Undecided),
            TokenStatus::Cancelled | TokenStatus::Voided => Err(self.over()),
        }
    }

    fn moved(
        &self,
        status: TokenStatus,
        step: Step,
        decision: Option<Decision>,
        actor: &Actor,
        now: Timestamp,
        reason: Option<String>,
    ) -> Judged {
        let mut token = self.clone();
        token.status = status;
        token.moved_at = now;
        token.decision = decision.clone().or(token.decision);
        let entry = AuditEntry { decision, ..token.entry(step, actor, now, reason) };
        Judged::Moved(Box::new((token, entry)))
    }

    fn entry(&self, step: Step, actor: &Actor, at: Timestamp, reason: Option<String>) -> AuditEntry {
        AuditEntry {
            token_id: self.card.id.clone(),
            agent_id: self.card.agent_id.clone(),
            step,
            at,
            by: actor.by.clone(),
            door: actor.door,
            shown: self.shown(),
            decision: None,
            reason,
        }
    }

    fn over(&self) -> Refusal {
        match &self.decision {
            Some(decision) => Refusal::Decided(decision.clone()),
            None => Refusal::Over(self.status),
        }
    }
}

/// The hash of a line of the log: SHA-256 over the hash of the line before it and the line's own text.
#[must_use]
pub fn chain(previous: &str, line: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(previous.as_bytes());
    hash.update(b"\n");
    hash.update(line.as_bytes());
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn later(now: Timestamp, ms: u64) -> Timestamp {
    Timestamp::from_millis(now.as_millis().saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
}

fn fault(pointer: &str, message: String) -> FieldError {
    FieldError { pointer: pointer.to_owned(), message }
}

/// Everything that is wrong with an ask.
fn faults(ask: &Ask, now: Timestamp) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut need = |fits: bool, pointer: &str, message: String| {
        if !fits {
            errors.push(fault(pointer, message));
        }
    };
    need(!ask.prompt.trim().is_empty(), "/prompt", "say what is asked; it is empty".to_owned());
    need(
        ask.prompt.len() <= PROMPT_MAX,
        "/prompt",
        format!("it is longer than {PROMPT_MAX} bytes; put details into context"),
    );
    need(ask.options.len() <= OPTIONS_MAX, "/options", format!("there are more than {OPTIONS_MAX}"));
    for (n, option) in ask.options.iter().enumerate() {
        let long = option.chars().count();
        need(
            (1..=WORD_MAX).contains(&long),
            &format!("/options/{n}"),
            format!("an option has 1 to {WORD_MAX} characters"),
        );
        need(
            !ask.options[..n].contains(option),
            &format!("/options/{n}"),
            "the same option stands there twice".to_owned(),
        );
    }
    if let Some(who) = &ask.escalation {
        need(
            (1..=WORD_MAX).contains(&who.chars().count()),
            "/escalation",
            format!("it has 1 to {WORD_MAX} characters"),
        );
    }
    for (pointer, value) in [("/context", &ask.context), ("/response_schema", &ask.response_schema)] {
        let size = value.as_ref().map_or(0, |v| v.to_string().len());
        need(size <= CONTEXT_MAX, pointer, format!("it is larger than {CONTEXT_MAX} bytes"));
    }
    if let Some(schema) = &ask.response_schema {
        need(schema.is_object() || schema.is_boolean(), "/response_schema", "a JSON Schema is an object".to_owned());
    }
    if let Some(deadline) = ask.deadline {
        need(deadline > now, "/deadline", format!("{deadline} is not in the future; it is {now} here"));
        let far = deadline.as_millis().saturating_sub(now.as_millis());
        need(far <= DEADLINE_MAX_MS, "/deadline", "it is more than a year away".to_owned());
    }
    if let Some(ms) = ask.timeout_ms {
        let fits = ms > 0 && i64::try_from(ms).is_ok_and(|ms| ms <= DEADLINE_MAX_MS);
        need(fits, "/timeout_ms", "it has to be from 1 ms to a year".to_owned());
    }
    let timed = ask.deadline.is_some() || ask.timeout_ms.is_some();
    need(
        timed || ask.on_timeout == OnTimeout::Void,
        "/on_timeout",
        "without deadline or timeout_ms there is no time-out to speak of".to_owned(),
    );
    errors
}

/// Why an answer does not fit a question.
fn unfit(card: &SemaphoreCard, answer: &Answer, fits: Fits<'_>) -> Vec<FieldError> {
    let input = &answer.human_input;
    if let Some(note) = &answer.note
        && note.chars().count() > WORD_MAX
    {
        return vec![fault("/note", format!("it is longer than {WORD_MAX} characters"))];
    }
    if input.to_string().len() > CONTEXT_MAX {
        return vec![fault("/human_input", format!("it is larger than {CONTEXT_MAX} bytes"))];
    }
    let chosen = input.as_str().is_some_and(|word| card.options.iter().any(|o| o == word));
    if chosen {
        return Vec::new();
    }
    if let Some(schema) = &card.response_schema {
        let under = |e: FieldError| FieldError { pointer: format!("/human_input{}", e.pointer), ..e };
        return fits(schema, input).err().unwrap_or_default().into_iter().map(under).collect();
    }
    if !card.options.is_empty() {
        let options = card.options.iter().map(|o| format!("{o:?}")).collect::<Vec<_>>().join(", ");
        return vec![fault("/human_input", format!("it has to be one of {options}"))];
    }
    if input.is_null() || input.as_str().is_some_and(|s| s.trim().is_empty()) {
        return vec![fault("/human_input", "it is empty; say something".to_owned())];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn actor(by: &str) -> Actor {
        Actor { by: by.into(), door: Door::Rest }
    }

    fn ask(prompt: &str) -> Ask {
        Ask { prompt: prompt.into(), ..Ask::default() }
    }

    fn open(ask: Ask) -> Result<Token, Vec<FieldError>> {
        let agent = AgentId::parse("a").unwrap();
        Token::open(TokenId::from_bits(1), agent, ask, Origin::Resident, json!({"secret": 1}), at(1000))
    }

    fn anything(_: &Value, _: &Value) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn resolve(token: &Token, input: Value, now: i64) -> Result<Judged, Refusal> {
        token.judge(Move::Resolve(Answer { human_input: input, note: None }), &actor("ann"), at(now), &anything)
    }

    fn after(judged: Result<Judged, Refusal>) -> Token {
        match judged {
            Ok(Judged::Moved(moved)) => moved.0,
            other => panic!("it did not move: {other:?}"),
        }
    }

    #[test]
    fn the_first_answer_wins_the_same_is_a_repeat_and_another_is_told_by_whom() {
        let token = open(Ask { options: vec!["yes".into(), "no".into()], ..ask("Deploy?") }).unwrap();
        let resolved = after(resolve(&token, json!("yes"), 2000));
        assert_eq!((resolved.status, resolved.awaits_delivery()), (TokenStatus::Resolved, true));
        assert_eq!(resolve(&resolved, json!("yes"), 3000), Ok(Judged::Repeat));
        assert!(matches!(resolve(&resolved, json!("no"), 3000), Err(Refusal::Decided(d)) if d.by == "ann"));
        let delivered = after(resolved.judge(Move::Deliver, &actor("a"), at(4000), &anything));
        assert_eq!(delivered.status, TokenStatus::Delivered);
        assert_eq!(resolve(&delivered, json!("yes"), 5000), Ok(Judged::Repeat));
    }

    #[test]
    fn an_answer_has_to_be_one_of_the_options_or_fit_the_schema() {
        let choice = open(Ask { options: vec!["yes".into()], ..ask("?") }).unwrap();
        assert!(matches!(resolve(&choice, json!("maybe"), 1), Err(Refusal::Unfit(e)) if e[0].message.contains("yes")));
        let free = open(ask("?")).unwrap();
        assert!(matches!(resolve(&free, Value::Null, 1), Err(Refusal::Unfit(_))));
        assert!(resolve(&free, json!({"any": "thing"}), 1).is_ok());
        let schema = open(Ask { response_schema: Some(json!({"type": "integer"})), ..ask("?") }).unwrap();
        let never = |_: &Value, _: &Value| Err(vec![fault("/x", "wrong".into())]);
        let refused =
            schema.judge(Move::Resolve(Answer { human_input: json!("x"), note: None }), &actor("b"), at(1), &never);
        assert!(matches!(refused, Err(Refusal::Unfit(e)) if e[0].pointer == "/human_input/x"));
    }

    #[test]
    fn a_deadline_does_what_was_said_and_not_a_moment_earlier() {
        for (on_timeout, status) in [
            (OnTimeout::Void, TokenStatus::Voided),
            (OnTimeout::Deny, TokenStatus::Resolved),
            (OnTimeout::Proceed, TokenStatus::Resolved),
            (OnTimeout::Escalate, TokenStatus::Pending),
        ] {
            let token = open(Ask { timeout_ms: Some(500), on_timeout, ..ask("?") }).unwrap();
            assert_eq!(token.judge(Move::Expire, &actor("deadline"), at(1499), &anything), Err(Refusal::NotDue));
            assert_eq!(resolve(&token, json!("late"), 1500), Err(Refusal::Due));
            let expired = after(token.judge(Move::Expire, &actor("deadline"), at(1500), &anything));
            assert_eq!(expired.status, status);
            if on_timeout == OnTimeout::Escalate {
                assert_eq!((expired.card.severity, expired.card.deadline), (Severity::Critical, None));
                assert!(resolve(&expired, json!("at last"), 9999).is_ok());
            }
        }
    }

    #[test]
    fn all_that_is_wrong_with_an_ask_is_said_at_once() {
        let wrong = Ask {
            prompt: " ".into(),
            options: vec!["a".into(), "a".into(), String::new()],
            deadline: Some(at(999)),
            timeout_ms: Some(0),
            response_schema: Some(json!("x")),
            ..Ask::default()
        };
        let pointers: Vec<_> = open(wrong).unwrap_err().into_iter().map(|e| e.pointer).collect();
        assert_eq!(pointers, ["/prompt", "/options/1", "/options/2", "/response_schema", "/deadline", "/timeout_ms"]);
        assert!(open(Ask { on_timeout: OnTimeout::Proceed, ..ask("?") }).is_err());
    }

    #[test]
    fn the_digest_is_of_what_is_shown_and_of_nothing_else() {
        let one = open(ask("a")).unwrap();
        let mut other = one.clone();
        other.frozen = json!("other");
        assert_eq!(one.shown(), other.shown());
        other.card.prompt.push('!');
        assert_ne!(one.shown(), other.shown());
    }

    #[test]
    fn a_changed_line_breaks_the_chain() {
        let lines = ["a", "b", "c"];
        let run = |lines: &[&str]| lines.iter().fold(String::new(), |h, line| chain(&h, line));
        assert_ne!(run(&lines), run(&["a", "B", "c"]));
        assert_ne!(run(&lines), run(&["b", "a", "c"]));
    }

    fn moves() -> impl Strategy<Value = (Move, i64)> {
        let mv = prop_oneof![
            (0..3u8).prop_map(|n| Move::Resolve(Answer { human_input: json!(n), note: None })),
            Just(Move::Cancel { reason: None }),
            Just(Move::Expire),
            Just(Move::Deliver),
            Just(Move::FailResume { error: "x".into() }),
        ];
        (mv, 0i64..4000)
    }

    proptest! {
        #[test]
        fn nothing_leaves_a_terminal_status_and_a_decision_never_changes(
            on_timeout in prop::sample::select(vec![OnTimeout::Void, OnTimeout::Deny, OnTimeout::Proceed, OnTimeout::Escalate]),
            moves in prop::collection::vec(moves(), 0..30),
        ) {
            let mut token = open(Ask { timeout_ms: Some(1000), on_timeout, ..ask("?") }).unwrap();
            for (mv, now) in moves {
                let before = token.clone();
                if let Ok(Judged::Moved(moved)) = token.judge(mv, &actor("x"), at(now), &anything) {
                    let (next, entry) = *moved;
                    prop_assert!(!before.status.is_terminal());
                    prop_assert!(before.decision.is_none() || before.decision == next.decision);
                    prop_assert!(next.moved_at >= before.moved_at);
                    prop_assert_eq!(next.decision.is_some(), matches!(next.status, TokenStatus::Resolved | TokenStatus::Delivered));
                    prop_assert_eq!(&entry.token_id, &next.card.id);
                    token = next;
                }
            }
        }
    }
}
