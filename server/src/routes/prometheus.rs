//! `GET /metrics`, in Prometheus' text format 0.0.4.

use super::health::{COMMIT, VERSION};
use crate::{state::Shared, webhooks::State};
use axum::{
    extract,
    http::{HeaderName, header},
    response::IntoResponse,
};
use mirror::{REFLECT_BUCKETS_NS, Stats};
use runtime::{Metabolism, Purgatory, purgatory::WAIT_BUCKETS_S};
use std::{fmt::Write as _, sync::atomic::Ordering::Relaxed};
use wire::{AgentSummary, Flow, FluxState, QueuePressure, Temperature, semaphore::Step};

const FORMAT: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];

pub(crate) async fn metrics(extract::State(shared): extract::State<Shared>) -> impl IntoResponse {
    let agents: Vec<AgentSummary> = shared.registry.list().iter().map(|a| a.summary()).collect();
    let mut page = Page::default();
    page.gauge("terrarium_build_info", "The running build; always 1.");
    page.value("terrarium_build_info", &[("version", VERSION), ("commit", COMMIT)], 1.0);
    of_agents(&mut page, &agents);
    of_questions(&mut page, shared.registry.purgatory());
    of_metabolism(&mut page, shared.registry.metabolism());
    of_webhooks(&mut page, &shared);
    let stats = shared.registry.mirror().stats();
    let sockets = &shared.sockets;
    page.gauge("terrarium_observers_garden", "Open observe sockets of the whole garden.");
    page.value("terrarium_observers_garden", &[], sockets.garden.load(Relaxed) as f64);
    page.gauge("terrarium_observe_sockets", "Open observe sockets of any kind.");
    page.value("terrarium_observe_sockets", &[], sockets.open() as f64);
    page.counter("terrarium_events_total", "Events reflected by all agents.");
    page.value("terrarium_events_total", &[], stats.events_reflected() as f64);
    page.counter("terrarium_gaps_total", "Gaps told to observers that fell behind.");
    page.value("terrarium_gaps_total", &[], stats.gaps() as f64);
    page.counter("terrarium_slow_closed_total", "Sockets closed because the client took nothing for too long.");
    page.value("terrarium_slow_closed_total", &[], sockets.slow_closed.load(Relaxed) as f64);
    page.counter("terrarium_observers_refused_total", "Sockets closed because all places were taken.");
    page.value("terrarium_observers_refused_total", &[], sockets.turned_away.load(Relaxed) as f64);
    of_reflect(&mut page, stats);
    (FORMAT, page.0)
}

fn of_agents(page: &mut Page, agents: &[AgentSummary]) {
    page.gauge("terrarium_agents", "Agents by state.");
    for state in FluxState::ALL {
        let count = agents.iter().filter(|a| a.state == state).count();
        page.value("terrarium_agents", &[("state", state.as_str())], count as f64);
    }
    page.counter("terrarium_agent_events_total", "Events of the agent since its log began.");
    page.each(agents, "terrarium_agent_events_total", |a| Some(a.total_events as f64));
    page.gauge("terrarium_observers", "Open observe sockets that see the agent, those of the whole garden included.");
    page.each(agents, "terrarium_observers", |a| Some(a.observers as f64));
    page.gauge("terrarium_agent_pressure_ratio", "Fill of the agent's fullest queue, 0 to 1.");
    page.each(agents, "terrarium_agent_pressure_ratio", |a| a.metrics.pressure.map(|p| QueuePressure::get(p) / 100.0));
    page.gauge("terrarium_agent_temperature_ratio", "How hard the agent works, 0 to 1.");
    page.each(agents, "terrarium_agent_temperature_ratio", |a| a.metrics.temperature.map(Temperature::get));
    page.gauge("terrarium_agent_flow_events_per_second", "Throughput of the agent.");
    page.each(agents, "terrarium_agent_flow_events_per_second", |a| a.metrics.flow.map(Flow::get));
    page.gauge("terrarium_agent_fever", "Whether the agent's temperature is above its alert mark.");
    page.each(agents, "terrarium_agent_fever", |a| Some(f64::from(u8::from(a.in_fever))));
}

fn of_questions(page: &mut Page, purgatory: &Purgatory) {
    page.gauge("terrarium_semaphores_pending", "Questions that wait for a person.");
    for ((agent, severity), count) in purgatory.counts() {
        let labels = [("agent", agent.as_str()), ("severity", severity.as_str())];
        page.value("terrarium_semaphores_pending", &labels, count as f64);
    }
    let tally = purgatory.tally();
    page.counter("terrarium_semaphores_total", "Steps of questions since the start.");
    for step in Step::ALL {
        page.value("terrarium_semaphores_total", &[("step", step.as_str())], tally.of(step) as f64);
    }
    page.head("terrarium_semaphore_wait_seconds", "histogram", "Time from a question to its answer, since the start.");
    let mut total = 0;
    for (i, count) in tally.waits().iter().enumerate() {
        total += count;
        let bound = WAIT_BUCKETS_S.get(i).map_or("+Inf".to_owned(), ToString::to_string);
        page.value("terrarium_semaphore_wait_seconds_bucket", &[("le", &bound)], total as f64);
    }
    page.value("terrarium_semaphore_wait_seconds_sum", &[], tally.wait_sum_s());
    page.value("terrarium_semaphore_wait_seconds_count", &[], total as f64);
}

fn of_metabolism(page: &mut Page, metabolism: &Metabolism) {
    let status = metabolism.status();
    page.gauge("terrarium_metabolic_pressure", "Pressure of the garden's engine; a fever begins above the threshold.");
    page.value("terrarium_metabolic_pressure", &[], status.pressure);
    page.gauge("terrarium_metabolic_threshold", "Where a fever of the garden begins.");
    page.value("terrarium_metabolic_threshold", &[], status.critical_threshold);
    page.gauge("terrarium_metabolic_fever", "Whether the garden is in fever.");
    page.value("terrarium_metabolic_fever", &[], f64::from(u8::from(status.in_fever)));
    page.counter("terrarium_metabolic_fevers_total", "Fevers of the garden since the start.");
    page.value("terrarium_metabolic_fevers_total", &[], metabolism.fevers() as f64);
    page.counter("terrarium_tokens_total", "Tokens that models read and wrote for the garden, earlier runs included.");
    page.value("terrarium_tokens_total", &[("direction", "input")], status.input_tokens as f64);
    page.value("terrarium_tokens_total", &[("direction", "output")], status.output_tokens as f64);
    page.gauge("terrarium_entropy_remaining", "What the entropy pool has left, of 100.");
    page.value("terrarium_entropy_remaining", &[], metabolism.entropy());
}

/// Targets by their place in the configuration: this page may be public, and their names need not be.
fn of_webhooks(page: &mut Page, shared: &Shared) {
    if shared.webhooks.is_empty() {
        return;
    }
    let now = runtime::clock::wall();
    let numbered = || shared.webhooks.iter().enumerate().map(|(n, state)| ((n + 1).to_string(), state));
    let mut of = |name: &str, kind: &str, help: &str, value: &dyn Fn(&State) -> f64| {
        page.head(name, kind, help);
        numbered().for_each(|(n, state)| page.value(name, &[("target", &n)], value(state)));
    };
    of("terrarium_webhook_delivered_total", "counter", "Messages the target took.", &|s| {
        s.delivered.load(Relaxed) as f64
    });
    of("terrarium_webhook_failed_total", "counter", "Attempts that failed.", &|s| s.failed.load(Relaxed) as f64);
    of("terrarium_webhook_abandoned_total", "counter", "Messages given up.", &|s| s.abandoned.load(Relaxed) as f64);
    of("terrarium_webhook_behind_seconds", "gauge", "Age of the message the target does not take.", &|s| {
        s.behind_s(now)
    });
}

/// Seconds, cumulative buckets: what the format asks for.
fn of_reflect(page: &mut Page, stats: &Stats) {
    let name = "terrarium_reflect_seconds";
    page.head(name, "histogram", "Time an agent spends in saying one event.");
    let mut total = 0;
    for (i, count) in stats.reflect_buckets().into_iter().enumerate() {
        total += count;
        let bound = REFLECT_BUCKETS_NS.get(i).map_or("+Inf".to_owned(), |ns| (*ns as f64 / 1e9).to_string());
        page.value("terrarium_reflect_seconds_bucket", &[("le", &bound)], total as f64);
    }
    page.value("terrarium_reflect_seconds_sum", &[], stats.reflect_sum_ns() as f64 / 1e9);
    page.value("terrarium_reflect_seconds_count", &[], total as f64);
}

/// The text as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str) {
        self.head(name, "gauge", help);
    }

    fn counter(&mut self, name: &str, help: &str) {
        self.head(name, "counter", help);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One line per agent that has a value; a missing reading is a missing line, never a zero.
    fn each(&mut self, agents: &[AgentSummary], name: &str, of: impl Fn(&AgentSummary) -> Option<f64>) {
        for agent in agents {
            if let Some(value) = of(agent) {
                self.value(name, &[("agent", agent.agent_id.as_str())], value);
            }
        }
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if i == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page::default();
        page.value("a", &[("x", "q\"b\\n\nl"), ("y", "")], 1.5);
        assert_eq!(page.0, "a{x=\"q\\\"b\\\\n\\nl\",y=\"\"} 1.5\n");
    }
}
