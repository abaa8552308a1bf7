//! Pages that the gateway writes itself, without the page's own code: in its look, without a line of script, and fenced in
//! accordingly.

use crate::{assets, error::Error};
use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use std::fmt;
use wire::{Problem, route};

/// On each of these pages. Nothing runs, nothing but our own style and icon loads. The referrer policy is looser than
/// elsewhere, because with none at all a browser sends its forms as if from nowhere, and from there we take nothing; it
/// never carries more than the host.
pub(crate) const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
    ),
];

/// A page with this title around this body.
pub(crate) fn framed(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    body: impl FnOnce(&mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    write!(
        f,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"dark light\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title} · Terrarium</title><link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\">",
        title = Escaped(title),
    )?;
    if let Some(css) = assets::site().css {
        write!(f, "<link rel=\"stylesheet\" href=\"{}\">", Escaped(css))?;
    }
    write!(
        f,
        "</head><body><div class=\"app\"><header class=\"bar\"><a class=\"brand\" href=\"{garden}\">\
         <span class=\"brand-mark\" aria-hidden=\"true\">◐</span>Terrarium</a></header>\
         <main id=\"main\" class=\"sign\">",
        garden = route::GARDEN
    )?;
    body(f)?;
    f.write_str("</main></div></body></html>\n")
}

/// What went wrong, what is wrong with each field, and what to try.
pub(crate) fn alert(f: &mut fmt::Formatter<'_>, problem: &Problem) -> fmt::Result {
    write!(f, "<div class=\"sign-problem\" role=\"alert\"><p>{}.</p>", Escaped(&sentence(&problem.detail)))?;
    for error in &problem.errors {
        write!(f, "<p><code>{}</code>: {}</p>", Escaped(&error.pointer), Escaped(&error.message))?;
    }
    if let Some(decision) = &problem.decision {
        write!(f, "<p>The answer was <code>{}</code>.</p>", Escaped(&decision.human_input.to_string()))?;
    } else if let Some(hint) = &problem.hint {
        write!(f, "<p class=\"muted\">{}.</p>", Coded(&sentence(hint)))?;
    }
    f.write_str("</div>")
}

/// A page that says why something was not done, with a way back.
pub(crate) fn sorry(error: &Error, back: Option<&str>) -> Response {
    let problem = Problem::from(error);
    let page = Sorry { problem: &problem, back: back.unwrap_or(route::GARDEN) };
    let mut response = (error.status(), HEADERS, page.to_string()).into_response();
    if let Some(ms) = problem.retry_after_ms {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
    }
    response
}

struct Sorry<'a> {
    problem: &'a Problem,
    back: &'a str,
}

impl fmt::Display for Sorry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        framed(f, &self.problem.title, |f| {
            write!(f, "<h1>{}</h1>", Escaped(&self.problem.title))?;
            alert(f, self.problem)?;
            if self.problem.status == 401 {
                write!(f, "<p><a href=\"{}\">Sign in</a></p>", route::LOGIN)?;
            }
            write!(f, "<p><a href=\"{}\">Back</a></p>", Escaped(self.back))
        })
    }
}

/// Text as it may stand in an element or a quoted attribute.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;"),
                '<' => f.write_str("&lt;"),
                '>' => f.write_str("&gt;"),
                '"' => f.write_str("&quot;"),
                '\'' => f.write_str("&#39;"),
                other => f.write_fmt(format_args!("{other}")),
            }?;
        }
        Ok(())
    }
}

/// Text whose `commands` stand out.
struct Coded<'a>(&'a str);

impl fmt::Display for Coded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.split('`').enumerate().try_for_each(|(n, part)| match n % 2 {
            0 => write!(f, "{}", Escaped(part)),
            _ => write!(f, "<code>{}</code>", Escaped(part)),
        })
    }
}

/// With a capital, as a sentence of its own begins.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_out() {
        assert_eq!(Coded("do `a <b>` now").to_string(), "do <code>a &lt;b&gt;</code> now");
    }

    #[test]
    fn a_sorry_page_escapes_what_it_was_told() {
        let nasty = "\"><script>alert(1)</script>";
        let page = Sorry { problem: &Problem::from(&Error::NoQuestion { why: nasty.to_owned() }), back: nasty };
        assert!(!page.to_string().contains("<script"), "{page}");
    }
}
