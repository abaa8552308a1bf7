//! Reads what is written about a command or an argument: `#[expose(…)]`, `#[arg(…)]`, doc comments.

use syn::{
    Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Result, Token, meta::ParseNestedMeta, parenthesized,
    punctuated::Punctuated,
};

/// What stands in `#[expose(…)]`.
#[derive(Default)]
pub(crate) struct Expose {
    pub(crate) help: Option<String>,
    pub(crate) examples: Vec<String>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) hidden: bool,
    pub(crate) reads: bool,
}

/// What stands in `#[arg(…)]`.
#[derive(Default)]
pub(crate) struct Arg {
    pub(crate) help: Option<String>,
    pub(crate) default: Option<ArgDefault>,
}

/// The value of an argument that is left out.
pub(crate) enum ArgDefault {
    /// `default`: the type's own.
    OfType,
    /// `default = …`.
    Expr(Box<Expr>),
}

/// What a doc comment says.
#[derive(Default)]
pub(crate) struct Doc {
    paragraphs: Vec<String>,
}

impl Expose {
    pub(crate) fn read(attribute: &Attribute) -> Result<Self> {
        let mut read = Self::default();
        if matches!(attribute.meta, Meta::Path(_)) {
            return Ok(read);
        }
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("help") {
                once(&meta, read.help.is_some())?;
                read.help = Some(text(&meta)?.value());
            } else if meta.path.is_ident("examples") {
                read.examples.extend(texts(&meta)?.iter().map(LitStr::value));
            } else if meta.path.is_ident("aliases") {
                read.aliases.extend(texts(&meta)?);
            } else if meta.path.is_ident("hidden") {
                read.hidden = true;
            } else if meta.path.is_ident("reads") {
                read.reads = true;
            } else {
                return Err(
                    meta.error("#[expose] knows help = \"…\", examples(\"…\"), aliases(\"…\"), hidden and reads")
                );
            }
            Ok(())
        })?;
        Ok(read)
    }
}

impl Arg {
    pub(crate) fn read(attribute: &Attribute) -> Result<Self> {
        let mut read = Self::default();
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("help") {
                once(&meta, read.help.is_some())?;
                read.help = Some(text(&meta)?.value());
            } else if meta.path.is_ident("default") {
                once(&meta, read.default.is_some())?;
                read.default = Some(match meta.input.peek(Token![=]) {
                    true => ArgDefault::Expr(Box::new(meta.value()?.parse()?)),
                    false => ArgDefault::OfType,
                });
            } else {
                return Err(meta.error("#[arg] knows help = \"…\", default and default = …"));
            }
            Ok(())
        })?;
        Ok(read)
    }
}

impl ArgDefault {
    /// Whether it is written as a text, which is not yet a `String`.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Expr(e) if matches!(**e, Expr::Lit(ExprLit { lit: Lit::Str(_), .. })))
    }
}

impl Doc {
    pub(crate) fn read(attributes: &[Attribute]) -> Self {
        let mut paragraphs = vec![String::new()];
        for line in attributes.iter().filter_map(line) {
            // `/** … */` is one attribute with several lines.
            for line in line.lines() {
                let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
                match paragraphs.last_mut() {
                    Some(last) if !line.is_empty() => {
                        if !last.is_empty() {
                            last.push('\n');
                        }
                        last.push_str(line);
                    }
                    _ => paragraphs.push(String::new()),
                }
            }
            if line.is_empty() {
                paragraphs.push(String::new());
            }
        }
        paragraphs.retain(|p| !p.is_empty());
        Self { paragraphs }
    }

    /// The first paragraph on one line; empty where there is none.
    pub(crate) fn first(&self) -> String {
        self.paragraphs.first().map(|p| p.replace('\n', " ")).unwrap_or_default()
    }

    /// Everything after the first paragraph.
    pub(crate) fn rest(&self) -> String {
        self.paragraphs.get(1..).unwrap_or_default().join("\n\n")
    }

    /// Everything.
    pub(crate) fn whole(&self) -> String {
        self.paragraphs.join("\n\n")
    }
}

/// The attributes of that name, taken out of the list.
pub(crate) fn take(attributes: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    let (taken, kept) = std::mem::take(attributes).into_iter().partition(|a| is_called(a, name));
    *attributes = kept;
    taken
}

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

fn is_called(attribute: &Attribute, name: &str) -> bool {
    // `#[prism::expose]`, too.
    attribute.path().segments.last().is_some_and(|last| last.ident == name)
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if pair.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

fn once(meta: &ParseNestedMeta<'_>, already: bool) -> Result<()> {
    if already { Err(meta.error("said twice")) } else { Ok(()) }
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    meta.value()?.parse()
}

fn texts(meta: &ParseNestedMeta<'_>) -> Result<Vec<LitStr>> {
    if !meta.input.peek(syn::token::Paren) {
        return Err(Error::new_spanned(&meta.path, "a list of texts in parentheses, such as (\"one\", \"two\")"));
    }
    let content;
    parenthesized!(content in meta.input);
    Ok(Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}
