//! `kgents agents`: every agent on a line.

use crate::{
    cli::Options,
    error::Error,
    out::{BAD, Form, GOOD, ODD, Out, QUIET, STRONG},
    reach,
    table::{self, Align, Cell, Column},
    text,
};
use anstyle::Style;
use wire::{AgentSummary, Flow, FluxState, Gauges, QueuePressure, Temperature, Timestamp, summary::AgentList};

const COLUMNS: [Column; 8] = [
    Column { title: "AGENT", align: Align::Left, worth: 9 },
    Column { title: "STATE", align: Align::Left, worth: 8 },
    Column { title: "PRESSURE", align: Align::Right, worth: 5 },
    Column { title: "FLOW", align: Align::Right, worth: 6 },
    Column { title: "TEMPERATURE", align: Align::Right, worth: 7 },
    Column { title: "SEEN BY", align: Align::Right, worth: 1 },
    Column { title: "LAST SPOKE", align: Align::Right, worth: 4 },
    Column { title: "DOES", align: Align::Left, worth: 3 },
];

pub(crate) async fn run(options: &Options, out: &Out) -> Result<(), Error> {
    let agents = reach::client(options, out)?.agents().await?;
    if out.form() == Form::Json {
        return out.json(&AgentList { agents });
    }
    if agents.is_empty() {
        out.note("no agent lives here yet");
        return Ok(());
    }
    let now = text::now();
    let rows: Vec<Vec<Cell>> = agents.iter().map(|agent| row(agent, now)).collect();
    table::lines(&COLUMNS, &rows, out.columns(), out).iter().try_for_each(|line| out.say(line))
}

/// A state as people see it: a symbol, a word, a colour.
pub(crate) fn state(state: FluxState) -> (String, Style) {
    let (symbol, style) = match state {
        FluxState::Dormant => ('○', QUIET),
        FluxState::Flowing => ('●', GOOD),
        FluxState::Perturbed => ('◉', GOOD),
        FluxState::Draining => ('◑', ODD),
        FluxState::Stopped => ('◌', QUIET),
        FluxState::Collapsed => ('✕', BAD),
    };
    (format!("{symbol} {state}"), style)
}

/// The three gauges with their units; a dash where there is no reading.
pub(crate) fn gauges(gauges: &Gauges) -> [String; 3] {
    let dash = || "–".to_owned();
    let pressure = gauges.pressure.map(QueuePressure::get).map_or_else(dash, |v| format!("{v:.0} %"));
    let flow = gauges.flow.map(Flow::get).map_or_else(dash, |v| match v {
        v if v >= 100.0 => format!("{v:.0}/s"),
        v => format!("{v:.1}/s"),
    });
    [pressure, flow, gauges.temperature.map(Temperature::get).map_or_else(dash, |v| format!("{v:.2}"))]
}

fn row(agent: &AgentSummary, now: Timestamp) -> Vec<Cell> {
    let (state, colour) = state(agent.state);
    let [pressure, flow, temperature] = gauges(&agent.metrics);
    let heat = if agent.in_fever { Cell::styled(BAD, format!("{temperature} fever")) } else { Cell::new(temperature) };
    let spoke = agent.last_event.map_or_else(|| "–".to_owned(), |at| format!("{} ago", text::age(at, now)));
    vec![
        Cell::styled(STRONG, agent.agent_id.as_str()),
        Cell::styled(colour, state),
        Cell::new(pressure),
        Cell::new(flow),
        heat,
        Cell::new(agent.observers.to_string()),
        Cell::new(spoke),
        Cell::new(text::line(&agent.description)),
    ]
}
