//! Writes the implementation of `prism::Exposed`. Everything it names begins with `::prism` or `::std`, so that nothing
//! in the author's module can be meant instead.

use crate::{
    attribute::ArgDefault,
    declaration::{Answer, Command, Declared, Parameter, Presence},
};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::LitStr;

pub(crate) fn write(declared: &Declared) -> TokenStream {
    let agent = &declared.agent;
    let entries = declared.commands.iter().map(entry);
    let arms = declared.commands.iter().enumerate().map(|(index, command)| arm(index, command));
    quote! {
        #[automatically_derived]
        impl ::prism::generated::Declared for #agent {
            fn table() -> &'static ::prism::generated::Table {
                static TABLE: ::std::sync::OnceLock<::prism::generated::Table> = ::std::sync::OnceLock::new();
                TABLE.get_or_init(|| ::prism::generated::Table::new(::std::vec![#(#entries),*]))
            }
        }

        #[automatically_derived]
        impl ::prism::Exposed for #agent {
            fn specs(&self) -> &'static [::prism::CommandSpec] {
                <Self as ::prism::generated::Declared>::table().specs()
            }

            fn is_blocking(&self, command: &str) -> bool {
                <Self as ::prism::generated::Declared>::table().is_blocking(command)
            }

            fn call<'a>(
                &'a mut self,
                command: &'a str,
                arguments: ::prism::Arguments,
                cx: &'a mut dyn ::prism::CallCx,
            ) -> ::prism::CallFuture<'a> {
                ::std::boxed::Box::pin(async move {
                    let _ = &cx;
                    let (index, mut arguments) =
                        <Self as ::prism::generated::Declared>::table().prepare(command, arguments)?;
                    match index {
                        #(#arms)*
                        _ => ::std::result::Result::Err(::prism::generated::lost()),
                    }
                })
            }
        }
    }
}

/// What the table says about a command.
fn entry(command: &Command) -> TokenStream {
    let Command { name, help, description, options, .. } = command;
    let examples = &options.examples;
    let aliases = options.aliases.iter().map(LitStr::value);
    let hidden = options.hidden.then(|| quote!(.hidden()));
    let reads = options.reads.then(|| quote!(.reads()));
    let blocking = (!command.is_async).then(|| quote!(.blocking()));
    let arguments = command.parameters.iter().filter_map(argument);
    let result = match &command.answer {
        Answer::Nothing => quote!(()),
        Answer::Plain(ty) | Answer::Result(ty) => quote!(#ty),
    };
    quote! {
        ::prism::generated::Entry::new(#name, #help, #description)
            .examples(&[#(#examples),*])
            .aliases(&[#(#aliases),*])
            #hidden #reads #blocking
            #(#arguments)*
            .result::<#result>()
    }
}

fn argument(parameter: &Parameter) -> Option<TokenStream> {
    let Parameter::Argument { name, ty, help, presence } = parameter else { return None };
    let written = match presence {
        Presence::Required => quote!(.required::<#ty>(#name, #help)),
        Presence::Optional => quote!(.optional::<#ty>(#name, #help)),
        Presence::Default(ArgDefault::OfType) => {
            quote!(.default::<#ty>(#name, #help, <#ty as ::std::default::Default>::default()))
        }
        Presence::Default(default @ ArgDefault::Expr(value)) => match default.is_text() {
            true => quote!(.default::<#ty>(#name, #help, <#ty as ::std::convert::From<&str>>::from(#value))),
            false => quote!(.default::<#ty>(#name, #help, #value)),
        },
    };
    Some(written)
}

/// Reads the arguments, calls the method, makes JSON of its answer.
fn arm(index: usize, command: &Command) -> TokenStream {
    let method = &command.method;
    let local = |position: usize| format_ident!("argument_{position}");
    let (mut takes, mut locals, mut passed) = (Vec::new(), Vec::new(), Vec::new());
    for (position, parameter) in command.parameters.iter().enumerate() {
        match parameter {
            Parameter::Cx => passed.push(quote!(cx)),
            Parameter::Argument { name, ty, .. } => {
                let local = local(position);
                takes.push(quote!(let #local = arguments.take::<#ty>(#name);));
                passed.push(quote!(#local));
                locals.push(local);
            }
        }
    }
    let unpack = (!locals.is_empty()).then(|| {
        quote! {
            let (#(::std::option::Option::Some(#locals),)*) = (#(#locals,)*) else {
                return ::std::result::Result::Err(::prism::generated::lost());
            };
        }
    });
    let awaited = command.is_async.then(|| quote!(.await));
    let answer = match &command.answer {
        Answer::Nothing | Answer::Plain(_) => quote!(::prism::generated::answer(answer)),
        Answer::Result(_) => quote!(::prism::generated::answer(answer?)),
    };
    // The value of a method that returns nothing is bound as well: one shape for all.
    quote! {
        #index => {
            #(#takes)*
            arguments.finish()?;
            #unpack
            let answer = Self::#method(self, #(#passed),*) #awaited;
            #answer
        }
    }
}
