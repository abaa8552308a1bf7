//! The part of `/void` about agents that are held or slowed down, and the form that holds one or lets it go on.

use super::html::Parts;
use crate::html::Escaped;
use serde_json::Value;
use std::fmt::{self, Formatter, Write as _};
use terrarium_core::{logos::Aspect, metabolism::rein::Policy};
use wire::{Scope, route};

/// What the form offers, with what it does.
const ACTS: [(Aspect, &str); 3] = [
    (Aspect::GoOn, "Let it go on"),
    (Aspect::Pause, "Hold it"),
    (Aspect::Stop, "Stop it; it does not begin again by itself"),
];

/// An agent of the garden and what is done about its fever.
pub(super) struct Governed {
    pub(super) agent: String,
    pub(super) policy: Policy,
}

impl Parts {
    pub(super) fn reins(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<section class=\"v-box v-wide\" aria-labelledby=\"v-r\"><h2 id=\"v-r\">Held and slowed down</h2>\
             <div id=\"v-reins\" data-live>",
        )?;
        let reins = self.engine["reins"].as_array().map_or(&[][..], Vec::as_slice);
        if reins.is_empty() {
            f.write_str("<p class=\"muted\">Nobody is.</p>")?;
        } else {
            f.write_str("<ul class=\"v-fevers\">")?;
            reins.iter().try_for_each(|rein| held(f, rein))?;
            f.write_str("</ul>")?;
        }
        f.write_str("</div>")?;
        self.policies(f)?;
        if self.session.may(Scope::Resolve) && !self.governed.is_empty() {
            self.leave(f)?
        }
        f.write_str("</section>")
    }

    /// What is done about whose fever, in a sentence.
    fn policies(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let those = |policy| {
            let names = self.governed.iter().filter(|g| g.policy == policy);
            names.map(|g| Escaped(&g.agent).to_string()).collect::<Vec<_>>().join(", ")
        };
        f.write_str("<p class=\"muted\">An agent runs a fever when it is hot or breaks a rule of velocity. ")?;
        match (those(Policy::Ask).as_str(), those(Policy::Throttle).as_str()) {
            ("", "") => f.write_str(
                "That is shown, and holds nobody up. With <code>--fever-policy throttle</code> it is slowed down meanwhile, \
                 with <code>--fever-policy ask</code> it is held until a person lets it go on.",
            )?,
            (ask, throttle) => {
                if !ask.is_empty() {
                    write!(f, "Held until a person lets it go on: <b>{ask}</b>. ")?;
                }
                if !throttle.is_empty() {
                    write!(f, "Slowed down meanwhile: <b>{throttle}</b>. ")?;
                }
                f.write_str("Of all others it is shown, and holds nobody up.")?;
            }
        }
        f.write_str("</p>")
    }

    fn leave(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (mut agents, mut acts) = (String::new(), String::new());
        for Governed { agent, .. } in &self.governed {
            write!(agents, "<option>{}</option>", Escaped(agent))?;
        }
        for (aspect, words) in ACTS {
            write!(acts, "<option value=\"{}\">{words}</option>", aspect.path())?;
        }
        write!(
            f,
            "<form class=\"v-form\" method=\"post\" action=\"{action}\">\
             <input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
             <label>Agent <select name=\"agent\">{agents}</select></label>\
             <select name=\"path\" aria-label=\"What to do\">{acts}</select>\
             <button type=\"submit\" class=\"primary\">Do it</button><output role=\"status\"></output></form>",
            action = route::VOID_PAGE,
            csrf = Escaped(self.session.csrf.as_deref().unwrap_or_default()),
        )
    }
}

fn held(f: &mut Formatter<'_>, rein: &Value) -> fmt::Result {
    let word = |name: &str| Escaped(rein[name].as_str().unwrap_or_default());
    write!(f, "<li><a href=\"/agents/{0}\">{0}</a><span>{1}</span>", word("agent_id"), word("why"))?;
    if !rein["token_id"].is_null() {
        write!(f, "<a href=\"{}\">Answer</a>", route::PURGATORY_PAGE)?;
    }
    f.write_str("</li>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wire::{Timestamp, session::Session};

    fn parts(reins: Value, scopes: &[Scope], policy: Policy) -> String {
        let session = Session { scopes: scopes.to_vec(), ..Session::default() };
        let engine = json!({ "critical_threshold": 1.0, "reins": reins });
        let governed = vec![Governed { agent: "<b>".to_owned(), policy }];
        let now = Timestamp::from_millis(1_795_000_000_000);
        Parts { engine, fevers: json!([]), entropy: 100.0, pressures: Vec::new(), governed, session, now }.to_string()
    }

    #[test]
    fn who_is_held_is_shown_to_everybody_and_let_go_on_by_whoever_may_answer() {
        let rein = json!([{ "agent_id": "<i>", "why": "it is held: <i> paused it", "token_id": "sem-1" }]);
        let html = parts(rein.clone(), &[Scope::Observe], Policy::Ask);
        assert!(html.contains("it is held: &lt;i&gt; paused it") && html.contains("Answer</a>"), "{html}");
        assert!(html.contains("lets it go on: <b>&lt;b&gt;</b>"), "{html}");
        assert!(!html.contains("self.flux") && !html.contains("<i>"), "{html}");
        let html = parts(rein, &[Scope::Resolve], Policy::Ask);
        assert!(html.contains("value=\"self.flux.go_on\"") && html.contains("<option>&lt;b&gt;</option>"), "{html}");
    }

    #[test]
    fn where_nobody_is_held_it_says_what_could_be_done() {
        let html = parts(json!([]), &[], Policy::Note);
        assert!(html.contains("Nobody is.") && html.contains("--fever-policy ask"), "{html}");
    }
}
