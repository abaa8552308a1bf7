//! The words of `/void`. What changes stands in elements with an id and `data-live`, which the page puts in place anew;
//! everything else, what can be opened or typed into above all, stays as it is.

use super::{chart::Chart, reins::Governed};
use crate::html::{Escaped, framed};
use serde_json::Value;
use std::fmt::{self, Formatter};
use terrarium_core::metabolism::oblique::oblique;
use wire::{Scope, Timestamp, route, session::Session};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Fevers that are shown.
const FEVERS: usize = 20;
/// What walks from day to day through the strategies and meets each of them: the golden ratio, less one.
const STEP: f64 = 0.618_033_988_749_895;

/// Everything between the bar and the foot.
pub(super) struct Parts {
    pub(super) engine: Value,
    pub(super) fevers: Value,
    pub(super) entropy: f64,
    pub(super) pressures: Vec<(Timestamp, f64)>,
    pub(super) governed: Vec<Governed>,
    pub(super) session: Session,
    pub(super) now: Timestamp,
}

/// What a form was answered, as a page.
pub(super) struct Answer<'a>(pub(super) &'a Value);

/// Options of a list.
pub(super) struct Options<'a>(pub(super) &'a [String]);

/// The `?` of a number.
struct Why(&'static str, [&'static str; 3]);

const PRESSURE: Why = Why(
    "pressure",
    [
        "How much the agents have had language models read and write lately.",
        "None; a fever begins above 1.00 and ends below 0.50.",
        "Each token adds 0.001. Each call takes off 1 %, and everything halves in 5 minutes.",
    ],
);
const HEAT: Why = Why(
    "heat",
    [
        "An agent's part of the pressure: who warms the garden now.",
        "The unit of pressure, and percent of all of it.",
        "0.001 × its tokens, decaying as the pressure does.",
    ],
);
const TOKENS: Why = Why(
    "tokens",
    [
        "The pieces of words that a model read for the agent, and wrote; and how many in the last minute.",
        "Tokens, as the model's endpoint counts them.",
        "Sums since the agent was planted; the rate is the sum of the last 60 seconds.",
    ],
);
const RATIO: Why = Why(
    "the ratio",
    [
        "How much was read for each token that was written. A high ratio is cold: it reads much and writes little.",
        "None, 0 to 2.",
        "Tokens read ÷ tokens written, at most 2; 0 while nothing was written.",
    ],
);
const ENTROPY: Why = Why(
    "entropy",
    [
        "The surplus that chance is paid from: inspirations, tangents, fevers.",
        "Units, 100 at most.",
        "What was drawn goes off; each tithe gives 0.1 back.",
    ],
);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(name, [what, unit, formula]) = self;
        write!(
            f,
            "<details class=\"why\" name=\"why\"><summary aria-label=\"What is {name}?\">?</summary>\
             <div class=\"why-text\"><p>{what}</p><p><b>Unit: </b>{unit}</p><p><b>Formula: </b>{formula}</p></div></details>"
        )
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        self.engine(f)?;
        self.gifts(f)?;
        self.agents(f)?;
        self.reins(f)?;
        self.history(f)?;
        self.numbers(f)
    }
}

impl Parts {
    fn number(&self, name: &str) -> f64 {
        self.engine[name].as_f64().unwrap_or_default()
    }

    fn may(&self) -> bool {
        self.session.may(Scope::Perturb)
    }

    fn head(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (pressure, mark) = (self.number("pressure"), self.number("critical_threshold"));
        let since = self.engine["fever_start"].as_f64().map(|s| (self.now.as_millis() as f64 - s * 1000.0).max(0.0));
        let said = match since {
            Some(ms) => format!("In fever for {}. Nothing is held up by it; a tithe ends it sooner.", span(ms as u64)),
            None if pressure < 0.005 => "At rest.".to_owned(),
            None if pressure < mark / 2.0 => "Warm, and cooling by itself.".to_owned(),
            None => "Hot: not far from a fever.".to_owned(),
        };
        write!(
            f,
            "<div class=\"page-head\"><h1>The void</h1><p class=\"lede\" id=\"v-lede\" data-live>{said}</p></div>\
             <p class=\"v-intro\">Whenever an agent has a language model read and write, pressure rises here. Much of it in \
             a short time is a <b>fever</b>: nobody is stopped, but the page shows it, and you are given an unexpected \
             hint. Pressure falls by itself. To let some off by hand is called a <b>tithe</b>.</p>"
        )
    }

    fn engine(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (pressure, mark) = (self.number("pressure"), self.number("critical_threshold").max(f64::MIN_POSITIVE));
        let full = (pressure / mark * 100.0).clamp(0.0, 100.0);
        let fever = self.engine["in_fever"] == true;
        let chart = Chart { points: &self.pressures, threshold: mark, now: self.now };
        let none = if self.pressures.is_empty() { "No readings yet. " } else { "" };
        write!(
            f,
            "<section class=\"v-box v-engine\" aria-labelledby=\"v-p\"><h2 id=\"v-p\">Pressure {PRESSURE}</h2>\
             <p class=\"v-now num\" id=\"v-now\" data-live><strong>{pressure:.2}</strong> of {mark:.2}</p>\
             <div class=\"v-bar\" aria-hidden=\"true\"><div id=\"v-fill\" data-live data-fever=\"{fever}\" \
             style=\"--full:{full:.1}%\"></div></div>\
             <div id=\"v-drawn\" data-live>{chart}</div>\
             <p class=\"muted v-legend\"><span id=\"v-none\" data-live>{none}</span>The last 15 minutes. A fever begins \
             above the upper line, {mark:.2}, and ends below the lower one, {half:.2}.</p>",
            half = mark / 2.0,
        )?;
        if self.may() {
            self.form(f, "void.entropy.tithe", |f| {
                f.write_str(
                    "<label>Let off <input type=\"number\" name=\"amount\" value=\"0.1\" min=\"0\" max=\"1000\" \
                     step=\"any\" required></label><button type=\"submit\" class=\"primary\">Tithe</button>",
                )
            })?;
        } else {
            sign_in(f, "to let pressure off or to ask for a dream")?;
        }
        f.write_str("</section>")
    }

    fn gifts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let day = self.now.as_millis().div_euclid(DAY_MS) as f64;
        let strategy = oblique((day * STEP).fract());
        write!(
            f,
            "<section class=\"v-box v-gift\" aria-labelledby=\"v-s\"><h2 id=\"v-s\">Strategy of the day</h2>\
             <blockquote id=\"v-day\" data-live>{strategy}</blockquote>\
             <p class=\"muted\">A nudge for whoever is stuck. It changes at midnight UTC.</p>"
        )?;
        if self.may() {
            self.form(f, "void.entropy.dream", |f| {
                f.write_str(
                    "<label>Dream of <input name=\"context\" maxlength=\"1000\" placeholder=\"anything\"></label>\
                     <button type=\"submit\" class=\"plain\">Dream</button>",
                )
            })?;
        }
        f.write_str("</section>")
    }

    fn form(
        &self,
        f: &mut Formatter<'_>,
        path: &str,
        fields: impl FnOnce(&mut Formatter<'_>) -> fmt::Result,
    ) -> fmt::Result {
        write!(
            f,
            "<form class=\"v-form\" method=\"post\" action=\"{action}\">\
             <input type=\"hidden\" name=\"path\" value=\"{path}\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">",
            action = route::VOID_PAGE,
            csrf = Escaped(self.session.csrf.as_deref().unwrap_or_default()),
        )?;
        fields(f)?;
        f.write_str("<output role=\"status\"></output></form>")
    }

    fn agents(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<section class=\"v-box v-wide\" aria-labelledby=\"v-a\"><h2 id=\"v-a\">Heat per agent {HEAT} \
             <span class=\"muted\">tokens {TOKENS}</span></h2><div id=\"v-agents\" data-live>"
        )?;
        let agents = self.engine["agents"].as_array().map_or(&[][..], Vec::as_slice);
        if agents.is_empty() {
            f.write_str(
                "<p class=\"muted\">No agent has had a model read or write yet. With a model set up \
                 (<code>--llm-url</code>), try <code>kgents perturb scribe 'Write a haiku'</code>.</p>",
            )?;
        } else {
            f.write_str(
                "<table class=\"v-table num\"><thead><tr><th scope=\"col\">Agent</th><th scope=\"col\">Heat</th>\
                 <th scope=\"col\">Read</th><th scope=\"col\">Written</th><th scope=\"col\">Last minute</th>\
                 <th scope=\"col\">Why</th></tr></thead><tbody>",
            )?;
            agents.iter().try_for_each(|agent| row(f, agent))?;
            f.write_str("</tbody></table>")?;
        }
        f.write_str("</div></section>")
    }

    fn history(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<section class=\"v-box v-wide\" aria-labelledby=\"v-f\"><h2 id=\"v-f\">Fevers</h2>\
             <div id=\"v-fevers\" data-live>",
        )?;
        let fevers = self.fevers.as_array().map_or(&[][..], Vec::as_slice);
        if fevers.is_empty() {
            f.write_str("<p class=\"muted\">None since the gateway was started.</p>")?;
        } else {
            f.write_str("<ol class=\"v-fevers\">")?;
            for fever in fevers.iter().rev().take(FEVERS) {
                let ts = serde_json::from_value::<Timestamp>(fever["timestamp"].clone()).unwrap_or(self.now);
                let ago = u64::try_from(self.now.as_millis() - ts.as_millis()).unwrap_or_default();
                let why = match fever["trigger"].as_str() {
                    Some("manual") => "somebody called for it",
                    Some("error") => "an error",
                    _ => "the pressure ran over",
                };
                let lasted = fever["duration_ms"]
                    .as_u64()
                    .map_or_else(|| "goes on".to_owned(), |ms| format!("lasted {}", span(ms)));
                write!(
                    f,
                    "<li><span class=\"num\">{} ago, {lasted}</span><span>{:.2} above the mark: {why}</span><q>{}</q></li>",
                    span(ago),
                    fever["intensity"].as_f64().unwrap_or_default(),
                    Escaped(fever["oblique_strategy"].as_str().unwrap_or_default()),
                )?;
            }
            f.write_str("</ol>")?;
        }
        f.write_str("</div></section>")
    }

    fn numbers(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let whole = |name: &str| self.engine[name].as_u64().unwrap_or_default();
        write!(
            f,
            "<section class=\"v-box v-wide\" aria-labelledby=\"v-n\"><h2 id=\"v-n\">All agents together</h2>\
             <dl class=\"v-numbers num\"><div><dt>Tokens read and written</dt>\
             <dd id=\"v-tok\" data-live>{} and {}</dd></div>\
             <div><dt>Read for each written {RATIO}</dt><dd id=\"v-rat\" data-live>{:.2}</dd></div>\
             <div><dt>Entropy left {ENTROPY}</dt><dd id=\"v-ent\" data-live>{:.1} of 100</dd></div>\
             <div><dt>Fevers</dt><dd id=\"v-all\" data-live>{}</dd></div></dl></section>",
            whole("input_tokens"),
            whole("output_tokens"),
            self.number("temperature"),
            self.entropy,
            whole("fevers"),
        )
    }
}

fn row(f: &mut Formatter<'_>, agent: &Value) -> fmt::Result {
    let number = |name: &str| agent[name].as_f64().unwrap_or_default();
    let whole = |name: &str| agent[name].as_u64().unwrap_or_default();
    f.write_str("<tr><th scope=\"row\">")?;
    match agent["agent_id"].as_str() {
        Some("void") => f.write_str("the void (dreams)")?,
        Some(id) => write!(f, "<a href=\"/agents/{0}\">{0}</a>", Escaped(id))?,
        None => f.write_str("open questions, and agents that have left")?,
    }
    let share = number("share") * 100.0;
    write!(
        f,
        "</th><td><span class=\"v-heat\" style=\"--full:{share:.0}%\"></span>{:.2} <span class=\"muted\">{share:.0} %</span></td>\
         <td data-what=\"read\">{}</td><td data-what=\"written\">{}</td><td data-what=\"last minute\">{}</td><td class=\"v-why\">",
        number("pressure"),
        whole("input_tokens"),
        whole("output_tokens"),
        whole("tokens_per_minute"),
    )?;
    let breaches = agent["breaches"].as_array().map_or(&[][..], Vec::as_slice);
    for breach in breaches {
        write!(f, "<span class=\"v-breach\">{}</span> ", Escaped(breach["why"].as_str().unwrap_or_default()))?;
    }
    if breaches.is_empty() {
        let calls = whole("calls");
        write!(f, "{calls} {} of a model", if calls == 1 { "call" } else { "calls" })?;
        match whole("errors_per_minute") {
            0 => {}
            errors => write!(f, ", {errors} errors in the last minute")?,
        }
        match whole("chain_length") {
            0 | 1 => {}
            steps => write!(f, ", {steps} steps since a person had a hand in it")?,
        }
    }
    f.write_str("</td></tr>")
}

fn sign_in(f: &mut Formatter<'_>, why: &str) -> fmt::Result {
    write!(f, "<p><a href=\"{}?next={}\">Sign in</a> {why}.</p>", route::LOGIN, route::VOID_PAGE)
}

/// An answer as a sentence, where there is one for it.
pub(super) fn words(said: &Value) -> String {
    if let (Some(discharged), Some(left)) = (said["discharged"].as_f64(), said["remaining_pressure"].as_f64()) {
        let thanks = said["gratitude"].as_str().unwrap_or_default();
        return format!("Discharged {discharged:.2}. {left:.2} is left. {thanks}");
    }
    if let (Some(agent), Some(why)) = (said["agent_id"].as_str(), said["why"].as_str()) {
        return format!("{agent}: {why}.");
    }
    said["dream"].as_str().or(said.as_str()).map_or_else(|| format!("{said:#}"), str::to_owned)
}

fn span(ms: u64) -> String {
    match ms / 1000 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min {} s", s / 60, s % 60),
        s => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let said = self.0;
        framed(f, "The void", |f| {
            match said["gratitude"].as_str() {
                Some(thanks) => write!(f, "<h1>{}</h1>", Escaped(thanks))?,
                None => f.write_str("<h1>The answer</h1>")?,
            }
            write!(f, "<p class=\"lede v-said\">{}</p>", Escaped(&words(said)))?;
            write!(f, "<p><a href=\"{}\">Back to the void</a></p>", route::VOID_PAGE)
        })
    }
}

impl fmt::Display for Options<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|path| write!(f, "<option value=\"{}\">", Escaped(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parts(engine: Value, fevers: Value) -> String {
        let (session, now) = (Session::default(), Timestamp::from_millis(1_795_000_000_000));
        let (pressures, governed) = (Vec::new(), Vec::new());
        Parts { engine, fevers, entropy: 100.0, pressures, governed, session, now }.to_string()
    }

    #[test]
    fn a_garden_that_never_called_a_model_says_so_and_what_to_try() {
        let html = parts(json!({ "critical_threshold": 1.0 }), json!([]));
        assert!(html.contains("At rest.") && html.contains("No readings yet") && html.contains("--llm-url"), "{html}");
        assert!(html.contains("Sign in") && !html.contains("<form"), "{html}");
        assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
    }

    #[test]
    fn what_agents_say_is_escaped() {
        let nasty = "\"><script>alert(1)</script>";
        let agent = json!({ "agent_id": nasty, "breaches": [{ "why": nasty }] });
        let fever = json!({ "oblique_strategy": nasty, "timestamp": nasty });
        let html = parts(json!({ "agents": [agent], "critical_threshold": 1.0 }), json!([fever]));
        assert!(!html.contains("<script"), "{html}");
        assert!(!Options(&[nasty.to_owned()]).to_string().contains("<script"));
        assert!(!Answer(&json!({ "dream": nasty })).to_string().contains("<script"));
    }
}
