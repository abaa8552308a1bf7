//! Questions that wait for a person: asking one, waiting for its answer, giving one. One method per door.

use crate::{
    Client, Error,
    http::{CALL_TIMEOUT, read},
};
use reqwest::{StatusCode, header::HeaderValue};
use serde::de::DeserializeOwned;
use std::time::Duration;
use wire::{
    AgentId, TokenId,
    purgatory::{Asked, KEY_HEADER, PendingList, TokenPage, WAIT_MAX_S, Withdrawal},
    route,
    semaphore::{Answer, Ask, Decision, Reason, Severity, TokenRecord, TokenStatus},
};

/// Which questions to list.
#[derive(Debug, Clone, Default)]
pub struct QuestionFilter {
    /// Only of this agent.
    pub agent: Option<AgentId>,
    /// Only of one of these statuses; those that wait where there is none.
    pub status: Vec<TokenStatus>,
    /// Only at least as severe.
    pub severity: Option<Severity>,
    /// Only for this reason.
    pub reason: Option<Reason>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Most questions on the page, at most 500; the gateway's default where `None`.
    pub limit: Option<usize>,
}

impl QuestionFilter {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let words: Vec<&str> = self.status.iter().map(|status| status.as_str()).collect();
        let pairs = [
            ("agent", self.agent.as_ref().map(ToString::to_string)),
            ("status", (!words.is_empty()).then(|| words.join(","))),
            ("severity", self.severity.map(|s| s.as_str().to_owned())),
            ("reason", self.reason.map(|r| r.as_str().to_owned())),
            ("cursor", self.cursor.clone()),
            ("limit", self.limit.map(|n| n.to_string())),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Client {
    /// Questions, newest first, a page at a time, without their trails.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn questions(&self, filter: &QuestionFilter) -> Result<TokenPage, Error> {
        let url = format!("{}{}", self.base(), route::PURGATORY);
        let (status, body) = self.answer(self.http.get(&url).query(&filter.pairs()), &url).await?;
        read(url, status, &body)
    }

    /// What an agent's questions wait for, most urgent first.
    ///
    /// # Errors
    /// See [`Client::agent`].
    pub async fn pending(&self, agent: &AgentId) -> Result<PendingList, Error> {
        self.get(&route::pending(agent)).await
    }

    /// One question and all that became of it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn question(&self, agent: &AgentId, token: &TokenId) -> Result<TokenRecord, Error> {
        self.get(&route::question(agent, token)).await
    }

    /// Asks a question as an agent, which appears if it is not there yet. The same question with the same key is asked
    /// once, however often it is sent: whoever does not know whether it arrived sends it again. Needs the scope `perturb`.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Key`] where the key cannot be one.
    pub async fn ask(&self, agent: &AgentId, ask: &Ask, key: Option<&str>) -> Result<Asked, Error> {
        let url = format!("{}{}", self.base(), route::ask(agent));
        let mut request = self.http.post(&url).json(ask);
        if let Some(key) = key {
            let value = HeaderValue::from_str(key).map_err(|_| Error::Key(key.to_owned()))?;
            request = request.header(KEY_HEADER, value);
        }
        let (status, body) = self.answer(request, &url).await?;
        read(url, status, &body)
    }

    /// Waits for the decision about a question, at most as long as a gateway lets anyone wait; `None` where there is none
    /// yet. Whoever wants to wait longer asks again. Needs the scope `perturb`.
    ///
    /// # Errors
    /// See [`Error`]; a question that ended without a decision is a problem with the status 410.
    pub async fn wait(&self, agent: &AgentId, token: &TokenId, patience: Duration) -> Result<Option<Decision>, Error> {
        let patience = patience.min(Duration::from_secs(WAIT_MAX_S));
        let url = format!("{}{}?timeout={}", self.base(), route::wait(agent, token), patience.as_secs());
        match self.answer(self.http.get(&url).timeout(patience + CALL_TIMEOUT), &url).await? {
            (StatusCode::NO_CONTENT, _) => Ok(None),
            (status, body) => read(url, status, &body).map(Some),
        }
    }

    /// Answers a question. The first answer counts: a later one is a problem with the status 409 and that decision. Needs
    /// the scope `resolve`.
    ///
    /// # Errors
    /// See [`Error`]; an answer that does not fit is a problem with an entry in `errors` for each misfit.
    pub async fn resolve(&self, agent: &AgentId, token: &TokenId, answer: &Answer) -> Result<TokenRecord, Error> {
        self.decide(route::resolve(agent, token), answer).await
    }

    /// Withdraws a question. Needs the scope `resolve`.
    ///
    /// # Errors
    /// See [`Client::resolve`].
    pub async fn cancel(&self, agent: &AgentId, token: &TokenId, reason: Option<String>) -> Result<TokenRecord, Error> {
        self.decide(route::cancel(agent, token), &Withdrawal { reason }).await
    }

    async fn decide<T: DeserializeOwned>(&self, path: String, body: &impl serde::Serialize) -> Result<T, Error> {
        let url = format!("{}{path}", self.base());
        let (status, body) = self.answer(self.http.post(&url).json(body), &url).await?;
        read(url, status, &body)
    }
}
