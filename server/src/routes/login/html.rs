//! The sign-in pages as HTML: in the look of the page, without a line of script, and fenced in accordingly.

use crate::{assets, html::Escaped};
use axum::http::{HeaderName, HeaderValue, header};
use std::fmt;
use wire::{Problem, Scope, route};

/// On each of these pages. Nothing runs, nothing but our own style and icon loads. The referrer policy is looser than
/// elsewhere, because with none at all a browser sends its forms as if from nowhere, and from there we take nothing; it
/// never carries more than the host.
pub(super) const HEADERS: [(HeaderName, HeaderValue); 4] = [
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

/// What a page shows.
pub(super) enum Page<'a> {
    /// The field for a token, and what went wrong before.
    Form { next: &'a str, problem: Option<&'a Problem> },
    /// The button that uses a sign-in link up.
    Confirm { code: &'a str, next: &'a str },
    /// Who one is, and the way out.
    SignedIn { name: &'a str, scopes: &'a [Scope], csrf: &'a str },
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = match self {
            Self::Form { .. } | Self::Confirm { .. } => "Sign in",
            Self::SignedIn { .. } => "Signed in",
        };
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"dark light\"><meta name=\"robots\" content=\"noindex\">\
             <title>{title} · Terrarium</title><link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\">"
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
        match self {
            Self::Form { next, problem } => form(f, next, *problem),
            Self::Confirm { code, next } => confirm(f, code, next),
            Self::SignedIn { name, scopes, csrf } => signed_in(f, name, scopes, csrf),
        }?;
        f.write_str("</main></div></body></html>\n")
    }
}

fn form(f: &mut fmt::Formatter<'_>, next: &str, problem: Option<&Problem>) -> fmt::Result {
    f.write_str("<h1>Sign in</h1>")?;
    let invalid = match problem {
        None => "",
        Some(problem) => {
            write!(f, "<div class=\"sign-problem\" role=\"alert\"><p>{}.</p>", Escaped(&sentence(&problem.detail)))?;
            if let Some(hint) = &problem.hint {
                write!(f, "<p class=\"muted\">{}.</p>", Coded(&sentence(hint)))?;
            }
            f.write_str("</div>")?;
            " aria-invalid=\"true\""
        }
    };
    write!(
        f,
        "<form method=\"post\" action=\"{login}\"><input type=\"hidden\" name=\"next\" value=\"{next}\">\
         <label for=\"token\">Your token</label>\
         <input id=\"token\" name=\"token\" type=\"password\" autocomplete=\"current-password\" autocapitalize=\"none\" \
         spellcheck=\"false\" placeholder=\"trm_…\" required autofocus{invalid}>\
         <button type=\"submit\">Sign in</button></form>\
         <p class=\"muted\">It begins with <code>trm_</code>. To get one, run this where the gateway runs:</p>\
         <pre><code>terrarium token create --name me --scope admin</code></pre>\
         <p class=\"muted\">The gateway also prints a sign-in link each time it starts.</p>",
        login = route::LOGIN,
        next = Escaped(next),
    )
}

fn confirm(f: &mut fmt::Formatter<'_>, code: &str, next: &str) -> fmt::Result {
    write!(
        f,
        "<h1>Sign in</h1><p class=\"lede\">This link signs this browser in, with every right. It works once.</p>\
         <form method=\"post\" action=\"{login}\"><input type=\"hidden\" name=\"once\" value=\"{code}\">\
         <input type=\"hidden\" name=\"next\" value=\"{next}\"><button type=\"submit\" autofocus>Sign in</button></form>\
         <p class=\"muted\">Not you? Close the page, and nothing has happened.</p>",
        login = route::LOGIN,
        code = Escaped(code),
        next = Escaped(next),
    )
}

fn signed_in(f: &mut fmt::Formatter<'_>, name: &str, scopes: &[Scope], csrf: &str) -> fmt::Result {
    let may: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
    write!(
        f,
        "<h1>Signed in</h1><p class=\"lede\">You are here as <strong>{name}</strong>, and may: {may}.</p>\
         <form method=\"post\" action=\"{logout}\"><input type=\"hidden\" name=\"csrf\" value=\"{csrf}\">\
         <button type=\"submit\">Sign out</button></form><p><a href=\"{garden}\">To the garden</a></p>",
        name = Escaped(name),
        may = may.join(", "),
        logout = route::LOGOUT,
        csrf = Escaped(csrf),
        garden = route::GARDEN,
    )
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
    fn what_is_not_ours_is_escaped_wherever_it_stands() {
        let nasty = "\"><script>alert('&')</script>";
        for page in [
            Page::Form { next: nasty, problem: None },
            Page::Confirm { code: nasty, next: nasty },
            Page::SignedIn { name: nasty, scopes: &[Scope::Admin], csrf: nasty },
        ] {
            let html = page.to_string();
            assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
        }
    }
}
