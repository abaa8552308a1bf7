//! `kgents tithe`, `oblique` and `dream`: the void's own verbs, against the gateway that runs.

use super::path::ask;
use crate::{
    cli::{DreamArgs, ObliqueArgs, Options, TitheArgs, json_or_text},
    error::Error,
    out::{Form, Out},
};
use serde_json::{Value, json};
use wire::metabolism::{EngineStatus, Tithe};

pub(crate) async fn tithe(args: &TitheArgs, options: &Options, out: &Out) -> Result<(), Error> {
    if args.status {
        return status(options, out).await;
    }
    let said = ask("void.entropy.tithe", [("amount", json!(args.amount))], options, out).await?;
    if out.form() == Form::Json {
        return out.json(&said);
    }
    let Ok(Tithe { discharged, remaining_pressure, gratitude }) = serde_json::from_value(said.clone()) else {
        return out.answer(&said);
    };
    out.say(&format!("Discharged: {discharged:.2}\nRemaining: {remaining_pressure:.2}\n{gratitude}"))
}

async fn status(options: &Options, out: &Out) -> Result<(), Error> {
    let said = ask("void.entropy.status", [], options, out).await?;
    if out.form() == Form::Json {
        return out.json(&said);
    }
    let Ok(engine) = serde_json::from_value::<EngineStatus>(said.clone()) else { return out.answer(&said) };
    let EngineStatus { pressure, critical_threshold, in_fever, temperature, input_tokens, output_tokens, .. } = engine;
    let percent = 100.0 * pressure / critical_threshold;
    out.say(&format!(
        "{}\nPressure: {pressure:.2} ({percent:.0} % of the threshold)\nTokens: {input_tokens} in, {output_tokens} out, \
         ratio {temperature:.2} (higher is colder)",
        if in_fever { "In fever" } else { "Calm" },
    ))
}

pub(crate) async fn oblique(args: &ObliqueArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let said = ask("void.entropy.oblique", args.seed.map(|seed| ("seed", json!(seed))), options, out).await?;
    print(&said, "strategy", out)
}

pub(crate) async fn dream(args: &DreamArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let context = args.context.as_deref().map(|text| ("context", json_or_text(text)));
    let said = ask("void.entropy.dream", context, options, out).await?;
    print(&said, "dream", out)
}

/// All of it as JSON; of it, the one text, for people.
fn print(said: &Value, field: &str, out: &Out) -> Result<(), Error> {
    match (out.form(), said.get(field)) {
        (Form::Text, Some(text)) => out.answer(text),
        _ => out.json(said),
    }
}
