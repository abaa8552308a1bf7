//! Reads an impl block into commands, and says what is wrong with it, each thing where it stands.

use crate::attribute::{Arg, ArgDefault, Doc, Expose, plain, take};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::collections::BTreeMap;
use syn::{
    Error, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, ItemImpl, Pat, PatType, PathArguments, Receiver,
    Result, ReturnType, Type, TypeParamBound, parse2,
};

/// Names that are addresses or words of the gateway already.
pub(crate) const RESERVED: [&str; 9] =
    ["commands", "events", "help", "invoke", "links", "metrics", "observe", "perturb", "snapshot"];

/// An impl block with its commands.
pub(crate) struct Declared {
    pub(crate) agent: Type,
    pub(crate) commands: Vec<Command>,
}

/// One `#[expose]`d method.
pub(crate) struct Command {
    pub(crate) method: Ident,
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) description: String,
    pub(crate) options: Expose,
    pub(crate) is_async: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) answer: Answer,
}

/// What a method takes besides `self`.
pub(crate) enum Parameter {
    /// An argument of the caller.
    Argument { name: String, ty: Box<Type>, help: String, presence: Presence },
    /// `&mut dyn CallCx`.
    Cx,
}

/// Whether an argument must be given.
pub(crate) enum Presence {
    Required,
    Optional,
    Default(ArgDefault),
}

/// What a method returns.
pub(crate) enum Answer {
    Nothing,
    Plain(Box<Type>),
    /// `Result<…>`, with the type of its `Ok`.
    Result(Box<Type>),
}

/// The block without our attributes, and what it declares.
pub(crate) fn read(options: TokenStream, item: TokenStream) -> (TokenStream, Result<Declared>) {
    let mut block: ItemImpl = match parse2(item.clone()) {
        Ok(block) => block,
        Err(_) => return (item, Err(Error::new_spanned(options_or(&options), "#[exposed] belongs on an impl block"))),
    };
    let mut errors = Errors::default();
    if !options.is_empty() {
        errors.add(Error::new_spanned(&options, "#[exposed] takes no options; they belong on the methods"));
    }
    if let Some((_, path, _)) = &block.trait_ {
        errors.add(Error::new_spanned(path, "commands are methods of the type itself, not of a trait it implements"));
    }
    if !block.generics.params.is_empty() {
        let why = "an exposed type has no type parameters or lifetimes: its commands and their schemas are made once";
        errors.add(Error::new_spanned(&block.generics, why));
    }
    let mut commands = Vec::new();
    for method in block.items.iter_mut().filter_map(as_method) {
        let exposed = take(&mut method.attrs, "expose");
        match exposed.as_slice() {
            [] => {}
            [attribute] => {
                let options = errors.keep(Expose::read(attribute));
                commands.extend(command(method, options, &mut errors));
            }
            [_, second, ..] => errors.add(Error::new_spanned(second, "#[expose] stands here twice")),
        }
    }
    if commands.is_empty() && errors.is_empty() {
        let why = "nothing here is exposed: mark a method with #[expose], or take #[exposed] away";
        errors.add(Error::new_spanned(&block.self_ty, why));
    }
    unique(&commands, &mut errors);
    let declared = Declared { agent: (*block.self_ty).clone(), commands };
    (block.into_token_stream(), errors.finish(declared))
}

fn as_method(item: &mut ImplItem) -> Option<&mut ImplItemFn> {
    match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    }
}

/// Without options, because they could not be read, it is only looked at for further mistakes.
fn command(method: &mut ImplItemFn, options: Option<Expose>, errors: &mut Errors) -> Option<Command> {
    let signature = &mut method.sig;
    let name = plain(&signature.ident);
    if let Err(why) = check_name(&name) {
        errors.add(Error::new_spanned(&signature.ident, why));
    }
    if !signature.generics.params.is_empty() {
        let why = "a command has no type parameters or lifetimes: callers send JSON, and it must become one known type";
        errors.add(Error::new_spanned(&signature.generics, why));
    }
    let doc = Doc::read(&method.attrs);
    let (help, description) = match options.as_ref().and_then(|options| options.help.clone()) {
        Some(help) => (help, doc.whole()),
        None => (doc.first(), doc.rest()),
    };
    if help.trim().is_empty() && options.is_some() {
        let why = "say what this command does: with a doc comment, or with #[expose(help = \"…\")]";
        errors.add(Error::new_spanned(&signature.ident, why));
    }
    match signature.inputs.first() {
        Some(FnArg::Receiver(Receiver { reference: Some(_), colon_token: None, .. })) => {}
        Some(FnArg::Receiver(receiver)) => {
            errors.add(Error::new_spanned(receiver, "a command takes &self or &mut self: the agent outlives the call"));
        }
        _ => errors.add(Error::new_spanned(&signature.ident, "a command is a method: it takes &self or &mut self")),
    }
    let typed = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let parameters = typed.filter_map(|typed| errors.keep(parameter(typed))).collect();
    let answer = errors.keep(answer(&signature.output))?;
    let (is_async, options) = (signature.asyncness.is_some(), options?);
    Some(Command { method: signature.ident.clone(), name, help, description, options, is_async, parameters, answer })
}

fn parameter(typed: &mut PatType) -> Result<Parameter> {
    let marks = take(&mut typed.attrs, "arg");
    let docs = take(&mut typed.attrs, "doc");
    let arg = match marks.as_slice() {
        [] => Arg::default(),
        [attribute] => Arg::read(attribute)?,
        [_, second, ..] => return Err(Error::new_spanned(second, "#[arg] stands here twice")),
    };
    if is_cx(&typed.ty) {
        return Ok(Parameter::Cx);
    }
    let name = match &*typed.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => plain(&pat.ident),
        other => return Err(Error::new_spanned(other, "an argument has a name, which callers write; not a pattern")),
    };
    if name.starts_with('_') {
        return Err(Error::new_spanned(&typed.pat, "callers write this name; let it begin with a letter"));
    }
    match &*typed.ty {
        Type::Reference(reference) => {
            let why = "an argument is owned, as it is read from JSON: String for &str, Vec<T> for &[T]";
            return Err(Error::new_spanned(reference, why));
        }
        Type::ImplTrait(open) => return Err(Error::new_spanned(open, "an argument needs one known type")),
        _ => {}
    }
    let presence = match arg.default {
        Some(default) => Presence::Default(default),
        None if argument_of(&typed.ty, "Option").is_some() => Presence::Optional,
        None => Presence::Required,
    };
    let help = arg.help.unwrap_or_else(|| Doc::read(&docs).whole());
    Ok(Parameter::Argument { name, ty: typed.ty.clone(), help, presence })
}

fn answer(output: &ReturnType) -> Result<Answer> {
    let ty = match output {
        ReturnType::Default => return Ok(Answer::Nothing),
        ReturnType::Type(_, ty) => ty,
    };
    if let Type::ImplTrait(open) = &**ty {
        return Err(Error::new_spanned(open, "a command answers with one known type, of which a schema can be made"));
    }
    match last_segment(ty) {
        Some(segment) if segment.ident == "Result" => match argument_of(ty, "Result") {
            Some(ok) => Ok(Answer::Result(Box::new(ok.clone()))),
            None => Err(Error::new_spanned(ty, "write the result's type out, such as Result<Reading, CallError>")),
        },
        _ => Ok(Answer::Plain(ty.clone())),
    }
}

/// Whether a type is `&mut dyn CallCx`, by whatever path.
fn is_cx(ty: &Type) -> bool {
    let Type::Reference(reference) = ty else { return false };
    let inner = match &*reference.elem {
        Type::Paren(paren) => &*paren.elem,
        other => other,
    };
    let Type::TraitObject(object) = inner else { return false };
    object.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "CallCx"),
        _ => false,
    })
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The first type argument of a type of that name.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let segment = last_segment(ty).filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn check_name(name: &str) -> std::result::Result<(), String> {
    let is_fit = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_fit {
        return Err(format!("{name:?} is no name for a command: lower-case letters, digits and _, a letter first"));
    }
    if RESERVED.contains(&name) {
        return Err(format!("{name:?} is a word of the gateway's own (as are {}); take another", RESERVED.join(", ")));
    }
    Ok(())
}

/// Names and aliases share one space.
fn unique(commands: &[Command], errors: &mut Errors) {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for command in commands {
        if let Some(owner) = owners.insert(command.name.clone(), command.name.clone()) {
            let why = format!("{:?} is a name of the command {owner:?} already", command.name);
            errors.add(Error::new_spanned(&command.method, why));
        }
        for alias in &command.options.aliases {
            if let Err(why) = check_name(&alias.value()) {
                errors.add(Error::new_spanned(alias, why));
            }
            if let Some(owner) = owners.insert(alias.value(), command.name.clone()) {
                let why = format!("{:?} is a name of the command {owner:?} already", alias.value());
                errors.add(Error::new_spanned(alias, why));
            }
        }
    }
}

/// Where an error goes that has no better place.
fn options_or(options: &TokenStream) -> TokenStream {
    if options.is_empty() { quote!() } else { options.clone() }
}

/// All that is wrong, so that it is said at once.
#[derive(Default)]
struct Errors(Option<Error>);

impl Errors {
    fn add(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn finish<T>(self, value: T) -> Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

#[cfg(test)]
mod tests;
