//! `kgents asks list`: a question on a line, those that wait first by urgency.

use super::card;
use crate::{
    cli::{ListArgs, Options},
    error::Error,
    out::{Form, Out, QUIET, STRONG},
    reach,
    table::{self, Align, Cell, Column},
    text,
};
use client::{Client, QuestionFilter};
use std::cmp::Reverse;
use wire::{
    Timestamp,
    purgatory::TokenPage,
    semaphore::{TokenRecord, TokenStatus},
};

/// Questions listed where no number is asked for.
const LIMIT: usize = 100;
/// Most questions that a gateway gives at once.
const PAGE: usize = 500;

const COLUMNS: [Column; 7] = [
    Column { title: "ID", align: Align::Left, worth: 9 },
    Column { title: "STATUS", align: Align::Left, worth: 5 },
    Column { title: "SEVERITY", align: Align::Left, worth: 6 },
    Column { title: "AGENT", align: Align::Left, worth: 7 },
    Column { title: "ASKED", align: Align::Right, worth: 3 },
    Column { title: "UNTIL", align: Align::Right, worth: 4 },
    Column { title: "QUESTION", align: Align::Left, worth: 8 },
];

pub(super) async fn run(args: &ListArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let client = reach::client(options, out)?;
    let limit = args.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIMIT);
    let mut page = pages(&client, filter(args), limit).await?;
    if out.form() == Form::Json {
        return out.json(&page);
    }
    if page.tokens.is_empty() {
        out.note(if args.is_plain() { "no question waits" } else { "no question is like that" });
        return Ok(());
    }
    // The gateway says the newest first; of those that wait, people want the most urgent first.
    page.tokens.sort_by_key(|record| match record.status {
        TokenStatus::Pending => (Reverse(Some(record.card.severity)), record.card.created_at.as_millis()),
        _ => (Reverse(None), 0),
    });
    let now = text::now();
    let rows: Vec<Vec<Cell>> = page.tokens.iter().map(|record| row(record, now)).collect();
    table::lines(&COLUMNS, &rows, out.columns(), out).iter().try_for_each(|line| out.say(line))?;
    if page.next.is_some() {
        out.note(&format!("there are more; --limit {} shows them", limit * 2));
    }
    Ok(())
}

impl ListArgs {
    fn is_plain(&self) -> bool {
        self.agent.is_none() && self.status.is_empty() && self.severity.is_none() && self.reason.is_none() && !self.all
    }
}

fn filter(args: &ListArgs) -> QuestionFilter {
    QuestionFilter {
        agent: args.agent.clone(),
        status: if args.all { TokenStatus::ALL.to_vec() } else { args.status.clone() },
        severity: args.severity,
        reason: args.reason,
        ..QuestionFilter::default()
    }
}

/// So many questions, of as many pages as it takes.
async fn pages(client: &Client, mut filter: QuestionFilter, limit: usize) -> Result<TokenPage, Error> {
    let mut all = TokenPage::default();
    loop {
        filter.limit = Some(PAGE.min(limit - all.tokens.len()));
        let page = client.questions(&filter).await?;
        let last = page.tokens.is_empty();
        all.tokens.extend(page.tokens);
        all.next = page.next;
        if last || all.next.is_none() || all.tokens.len() >= limit {
            return Ok(all);
        }
        filter.cursor.clone_from(&all.next);
    }
}

fn row(record: &TokenRecord, now: Timestamp) -> Vec<Cell> {
    let card = &record.card;
    let (status, colour) = card::status(record.status);
    let deadline = card.deadline.filter(|_| record.status == TokenStatus::Pending);
    vec![
        Cell::styled(STRONG, card::short(&card.id)),
        Cell::styled(colour, status),
        Cell::styled(card::severity(card.severity), card.severity.as_str()),
        Cell::new(card.agent_id.as_str()),
        Cell::styled(QUIET, format!("{} ago", text::age(card.created_at, now))),
        Cell::new(deadline.map_or_else(|| "–".to_owned(), |at| card::until(at, now))),
        Cell::new(text::line(&card.prompt)),
    ]
}
