//! The sign-in pages as HTML.

use crate::html::{Escaped, alert, framed};
use std::fmt;
use wire::{Problem, Scope, route};

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
        framed(f, title, |f| match self {
            Self::Form { next, problem } => form(f, next, *problem),
            Self::Confirm { code, next } => confirm(f, code, next),
            Self::SignedIn { name, scopes, csrf } => signed_in(f, name, scopes, csrf),
        })
    }
}

fn form(f: &mut fmt::Formatter<'_>, next: &str, problem: Option<&Problem>) -> fmt::Result {
    f.write_str("<h1>Sign in</h1>")?;
    let invalid = match problem {
        None => "",
        Some(problem) => {
            alert(f, problem)?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
