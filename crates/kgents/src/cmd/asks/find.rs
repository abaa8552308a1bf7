//! From an id, or how it begins, to the question: the gateway wants to know whose it is, people need not.

use crate::{cli::Named, error::Error};
use client::{Client, QuestionFilter};
use wire::{
    AgentId, TokenId,
    semaphore::{TokenRecord, TokenStatus},
};

/// Questions on a page of the search: as many as a gateway gives at once.
const PAGE: usize = 500;
/// Most pages that are looked through: far more questions than a gateway keeps.
const PAGES_MAX: usize = 2000;
/// Most ids that are named when several begin alike.
const NAMED_MAX: usize = 5;

/// Whose question it is, and its whole id. Those that wait come first: among them a beginning is enough even where a
/// question of the past begins like it.
pub(super) async fn find(client: &Client, named: &Named) -> Result<(AgentId, TokenId), Error> {
    for status in [vec![TokenStatus::Pending], TokenStatus::ALL.to_vec()] {
        let mut found = search(client, named, status).await?;
        if found.len() > 1 {
            let ids: Vec<String> = found.iter().map(|record| record.card.id.to_string()).collect();
            let message = format!("several questions begin with {}: {}", named.as_str(), ids.join(", "));
            return Err(Error::Usage { message, hint: "give more of the id".to_owned() });
        }
        if let Some(record) = found.pop() {
            return Ok((record.card.agent_id, record.card.id));
        }
    }
    Err(Error::NoQuestion(named.as_str().to_owned()))
}

async fn search(client: &Client, named: &Named, status: Vec<TokenStatus>) -> Result<Vec<TokenRecord>, Error> {
    let mut filter = QuestionFilter { status, limit: Some(PAGE), ..QuestionFilter::default() };
    let mut found = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = client.questions(&filter).await?;
        found.extend(page.tokens.into_iter().filter(|record| named.fits(record.card.id.as_str())));
        let enough = found.len() >= NAMED_MAX || (named.is_whole() && !found.is_empty());
        if enough || page.next.is_none() {
            break;
        }
        filter.cursor = page.next;
    }
    Ok(found)
}
