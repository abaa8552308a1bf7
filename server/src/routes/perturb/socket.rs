//! One perturb socket: reads messages, follows the calls they make, says what comes of each.

use crate::{
    auth::Caller,
    error::Error,
    routes::{answer, purgatory::refused},
    socket::{End, Heard, Socket},
    state::Shared,
};
use futures::{StreamExt as _, stream::FuturesUnordered};
use runtime::{AgentHandle, Call, Refused, Reply, Terms, beam::Canceller};
use serde_json::Value;
use std::{collections::HashMap, pin::Pin, time::Duration};
use terrarium_core::{flux::Priority, ledger::Actor};
use wire::{
    AgentId, CallId, CloseCode, Perturb, PerturbReply, Scope, TokenId,
    perturb::{ErrorBody, PerturbFrame, PerturbOp},
    semaphore::{Answer, Door},
};

/// Answers written before the socket is flushed.
const BATCH: usize = 64;

/// A call and what came of it next.
type Step = (CallId, Call, Option<Reply>);

/// What a socket has under way.
struct Carrier<'a> {
    shared: &'a Shared,
    caller: &'a Caller,
    agent: AgentHandle,
    steps: FuturesUnordered<Pin<Box<dyn Future<Output = Step> + Send>>>,
    running: HashMap<CallId, Canceller>,
    /// Names given to calls that came without one.
    named: u64,
}

/// Carries the socket until one side ends it. Whatever runs then is given up.
pub(super) async fn carry(mut socket: Socket, shared: &Shared, caller: &Caller, agent: AgentHandle) {
    let steps = FuturesUnordered::new();
    let mut carrier = Carrier { shared, caller, agent, steps, running: HashMap::new(), named: 0 };
    let end = loop {
        let step = tokio::select! {
            biased;
            () = shared.drained.cancelled() => Err(End::Close(CloseCode::Draining)),
            () = caller.ended() => Err(End::Close(CloseCode::Unauthorised)),
            Some(step) = carrier.steps.next() => carrier.tell(&mut socket, step).await,
            heard = socket.hear() => match heard {
                Ok(Heard::Text(said)) => carrier.take(&mut socket, &said).await,
                Ok(Heard::Nothing) => Ok(()),
                Err(end) => Err(end),
            },
        };
        if let Err(end) = step {
            break end;
        }
    };
    drop(carrier);
    if let End::Close(code) = end {
        socket.close(code).await;
    }
}

impl Carrier<'_> {
    /// Says what came of some calls, as many as are ready.
    async fn tell(&mut self, socket: &mut Socket, first: Step) -> Result<(), End> {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some((id, call, reply)) = next.take() else { break };
            let words = match reply {
                Some(Reply::Chunk(data)) => {
                    let words = PerturbReply::Chunk { id: id.clone(), data };
                    self.follow(id, call);
                    words
                }
                Some(Reply::Asked(token)) => {
                    let words = PerturbReply::Semaphore { id: id.clone(), token };
                    self.follow(id, call);
                    words
                }
                Some(Reply::End(Ok(result))) => {
                    self.running.remove(&id);
                    PerturbReply::Result { id, result }
                }
                Some(Reply::End(Err(failure))) => {
                    self.running.remove(&id);
                    PerturbReply::Error { id: Some(id), error: answer::body(&answer::failed(failure)) }
                }
                None => {
                    self.running.remove(&id);
                    continue;
                }
            };
            socket.feed_words(&words).await?;
            next = futures::FutureExt::now_or_never(self.steps.next()).flatten();
        }
        if let Some((id, call, reply)) = next {
            // More is ready than fits one batch: it is told in the next turn.
            self.steps.push(Box::pin(async move { (id, call, reply) }));
        }
        socket.flush().await
    }

    async fn take(&mut self, socket: &mut Socket, said: &str) -> Result<(), End> {
        let words = match PerturbFrame::decode(said) {
            Ok(PerturbFrame::Perturb(perturb)) => self.perturb(perturb),
            Ok(PerturbFrame::Op(PerturbOp::Cancel { id })) => match self.running.get(&id) {
                // The call then ends with an error of its own.
                Some(canceller) => {
                    canceller.cancel();
                    return Ok(());
                }
                None => wrong(Some(id), "not_running", "nothing of that id is under way", "it may have ended already"),
            },
            Ok(PerturbFrame::Op(PerturbOp::Resolve { token_id, human_input })) => {
                let agent = self.agent.id().clone();
                resolve(self.shared, self.caller, agent, token_id, human_input).await
            }
            Err(error) => {
                let hint = "a message is {\"id\", \"data\", \"priority\"?, \"timeout_ms\"?}; any other text is itself the input";
                wrong(error.id, "message_malformed", &format!("the message is not right: {}", error.why), hint)
            }
        };
        socket.feed_words(&words).await?;
        // An agent that answers at once gets to run now, and its answer goes out in the same write.
        tokio::task::yield_now().await;
        match futures::FutureExt::now_or_never(self.steps.next()).flatten() {
            Some(step) => self.tell(socket, step).await,
            None => socket.flush().await,
        }
    }

    fn perturb(&mut self, perturb: Perturb) -> PerturbReply {
        let id = perturb.id.unwrap_or_else(|| {
            self.named += 1;
            CallId::Text(format!("call-{}", self.named))
        });
        if self.running.contains_key(&id) {
            let hint = "give every perturbation on a socket an id of its own";
            return wrong(Some(id), "id_in_use", "a perturbation of that id is still under way", hint);
        }
        if let Err(wait) = self.shared.perturbs.check(&self.caller.client) {
            return PerturbReply::Busy { id, retry_after_ms: millis(wait) };
        }
        // The frame's own check left no other priority through.
        let priority = perturb.priority.and_then(Priority::asked).unwrap_or(Priority::ORDINARY);
        let terms = Terms { priority, timeout: perturb.timeout_ms.map(Duration::from_millis) };
        match self.agent.perturb(perturb.data, terms) {
            Ok(call) => {
                self.running.insert(id.clone(), call.canceller());
                let queue_depth = call.queue_depth();
                self.follow(id.clone(), call);
                PerturbReply::Accepted { id, queue_depth }
            }
            Err(Refused::Busy { retry_after }) => PerturbReply::Busy { id, retry_after_ms: millis(retry_after) },
            Err(refused) => PerturbReply::Error { id: Some(id), error: answer::body(&answer::refused(refused)) },
        }
    }

    fn follow(&mut self, id: CallId, mut call: Call) {
        self.steps.push(Box::pin(async move {
            let reply = call.next().await;
            (id, call, reply)
        }));
    }
}

/// Answers a question of this socket's agent.
async fn resolve(
    shared: &Shared,
    caller: &Caller,
    agent: AgentId,
    token_id: String,
    human_input: Value,
) -> PerturbReply {
    let answered = async {
        caller.require(Scope::Resolve)?;
        let id = TokenId::parse(&token_id).map_err(|why| Error::NoQuestion { why: why.to_string() })?;
        let actor = Actor { by: caller.name().unwrap_or("nobody").to_owned(), door: Door::Socket };
        let answer = Answer { human_input, note: None };
        let purgatory = shared.registry.purgatory();
        purgatory.resolve(Some(agent), id, answer, actor).await.map_err(refused)
    };
    match answered.await {
        Ok(moved) => PerturbReply::Resolved { token_id, status: moved.token.status.as_str().to_owned() },
        Err(error) => {
            // The one who sent several answers has to know which one this is about.
            let ErrorBody { code, message, hint } = answer::body(&error);
            let error = ErrorBody { code, message: format!("{token_id}: {message}"), hint };
            PerturbReply::Error { id: None, error }
        }
    }
}

fn wrong(id: Option<CallId>, code: &str, message: &str, hint: &str) -> PerturbReply {
    let error = ErrorBody { code: code.to_owned(), message: message.to_owned(), hint: Some(hint.to_owned()) };
    PerturbReply::Error { id, error }
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)
}
