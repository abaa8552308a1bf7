//! What the reader of declarations accepts, and what it says about the rest.

use super::*;
use quote::quote;

/// What is said about a block.
fn errors(block: TokenStream) -> Vec<String> {
    match read(TokenStream::new(), block).1 {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
    }
}

fn method(method: TokenStream) -> Vec<String> {
    errors(quote! { impl Agent { #method } })
}

fn declared(block: TokenStream) -> Declared {
    read(TokenStream::new(), block).1.unwrap()
}

#[test]
fn every_mistake_is_told_in_words() {
    let table = [
        (quote! { #[expose(help = "x")] fn go(self) {} }, "takes &self or &mut self: the agent outlives the call"),
        (quote! { #[expose(help = "x")] fn go(self: &Self) {} }, "takes &self or &mut self"),
        (quote! { #[expose(help = "x")] fn go() {} }, "a command is a method: it takes &self or &mut self"),
        (quote! { #[expose(help = "x")] fn go<T>(&self, t: T) {} }, "a command has no type parameters"),
        (quote! { #[expose(help = "x")] fn go<'a>(&'a self) {} }, "a command has no type parameters or lifetimes"),
        (
            quote! { #[expose(help = "x")] fn go(&self, (a, b): (u8, u8)) {} },
            "an argument has a name, which callers write",
        ),
        (quote! { #[expose(help = "x")] fn go(&self, _: u8) {} }, "an argument has a name, which callers write"),
        (quote! { #[expose(help = "x")] fn go(&self, _a: u8) {} }, "let it begin with a letter"),
        (quote! { #[expose(help = "x")] fn go(&self, a: &str) {} }, "an argument is owned"),
        (quote! { #[expose(help = "x")] fn go(&self, a: impl Into<u8>) {} }, "an argument needs one known type"),
        (quote! { #[expose(help = "x")] fn go(&self) -> impl Iterator {} }, "answers with one known type"),
        (quote! { #[expose(help = "x")] fn go(&self) -> std::fmt::Result {} }, "write the result's type out"),
        (quote! { #[expose] fn go(&self) {} }, "say what this command does: with a doc comment"),
        (quote! { #[expose(help = " ")] fn go(&self) {} }, "say what this command does"),
        (quote! { #[expose(help = "x", colour = "red")] fn go(&self) {} }, "#[expose] knows help"),
        (quote! { #[expose(help = "x", help = "y")] fn go(&self) {} }, "said twice"),
        (quote! { #[expose(help = "x", aliases = "y")] fn go(&self) {} }, "a list of texts in parentheses"),
        (quote! { #[expose(help = "x")] #[expose] fn go(&self) {} }, "#[expose] stands here twice"),
        (quote! { #[expose(help = "x")] fn go(&self, #[arg(colour)] a: u8) {} }, "#[arg] knows help"),
        (
            quote! { #[expose(help = "x")] fn go(&self, #[arg(default)] #[arg(default)] a: u8) {} },
            "#[arg] stands here twice",
        ),
        (quote! { #[expose(help = "x")] fn Go(&self) {} }, "\"Go\" is no name for a command"),
        (quote! { #[expose(help = "x")] fn _go(&self) {} }, "\"_go\" is no name for a command"),
        (quote! { #[expose(help = "x")] fn snapshot(&self) {} }, "\"snapshot\" is a word of the gateway's own"),
        (
            quote! { #[expose(help = "x", aliases("invoke"))] fn go(&self) {} },
            "\"invoke\" is a word of the gateway's own",
        ),
        (quote! { #[expose(help = "x", aliases("GO"))] fn go(&self) {} }, "\"GO\" is no name for a command"),
        (
            quote! { #[expose(help = "x", aliases("go"))] fn go(&self) {} },
            "\"go\" is a name of the command \"go\" already",
        ),
        (
            quote! { #[expose(help = "x", aliases("b"))] fn a(&self) {} #[expose(help = "x")] fn b(&self) {} },
            "\"b\" is a name of the command \"a\" already",
        ),
        (quote! { fn go(&self) {} }, "nothing here is exposed: mark a method with #[expose]"),
    ];
    for (code, part) in table {
        let text = code.to_string();
        let errors = method(code);
        assert!(errors.len() == 1 && errors[0].contains(part), "{text}: {errors:?}");
    }
}

#[test]
fn blocks_that_cannot_be_agents_are_refused() {
    let fine = quote! { #[expose(help = "x")] fn go(&self) {} };
    assert!(errors(quote! { impl<T> Agent<T> { #fine } })[0].contains("no type parameters or lifetimes"));
    assert!(errors(quote! { impl Trait for Agent { #fine } })[0].contains("methods of the type itself"));
    assert!(errors(quote! { struct Agent; })[0].contains("#[exposed] belongs on an impl block"));
    let options = read(quote!(hidden), quote! { impl Agent { #fine } }).1.err().unwrap();
    assert!(options.to_string().contains("takes no options"));
}

#[test]
fn several_mistakes_are_told_at_once() {
    let block = quote! { impl Agent { #[expose] fn Go(self, _a: u8) {} #[expose(help = "x")] fn invoke(&self) {} } };
    assert_eq!(errors(block).len(), 5);
}

#[test]
fn the_block_comes_back_without_our_attributes() {
    let block = quote! {
        #[doc = "Kept."]
        impl Agent {
            #[doc = "Kept."]
            #[prism::expose(hidden)]
            #[inline]
            fn go(&self, #[doc = "gone"] #[arg(default)] a: u8, #[cfg(all())] b: u8) {}
            fn other(&self) {}
        }
    };
    let wanted = quote! {
        #[doc = "Kept."]
        impl Agent {
            #[doc = "Kept."]
            #[inline]
            fn go(&self, a: u8, #[cfg(all())] b: u8) {}
            fn other(&self) {}
        }
    };
    assert_eq!(read(TokenStream::new(), block).0.to_string(), wanted.to_string());
}

#[test]
fn what_is_written_is_what_is_read() {
    let declared = declared(quote! {
        impl Agent {
            /// Goes
            /// there.
            ///
            /// Slowly.
            ///
            /// By foot.
            #[expose(aliases("walk", "run"), examples("--to home"), hidden, reads)]
            async fn r#move(
                &mut self,
                /// Where.
                to: String,
                #[arg(default = 3, help = "How fast.")] r#type: u8,
                by: Option<String>,
                cx: &mut (dyn prism::CallCx + '_),
            ) -> anyhow::Result<Vec<u8>> {}
            #[expose(help = "Stays.")]
            /// More about staying.
            fn stay(&self) {}
        }
    });
    let [go, stay] = declared.commands.as_slice() else { panic!("two commands") };
    assert_eq!((go.name.as_str(), go.help.as_str()), ("move", "Goes there."));
    assert_eq!(go.description, "Slowly.\n\nBy foot.");
    assert!(go.is_async && go.options.hidden && go.options.reads);
    assert_eq!(go.options.examples, ["--to home"]);
    assert!(matches!(go.answer, Answer::Result(_)) && matches!(stay.answer, Answer::Nothing));
    let told: Vec<_> = go
        .parameters
        .iter()
        .map(|parameter| match parameter {
            Parameter::Cx => "cx".to_owned(),
            Parameter::Argument { name, help, presence, .. } => {
                let presence = match presence {
                    Presence::Required => "required",
                    Presence::Optional => "optional",
                    Presence::Default(_) => "default",
                };
                format!("{name} {presence} {help}")
            }
        })
        .collect();
    assert_eq!(told, ["to required Where.", "type default How fast.", "by optional ", "cx"]);
    assert_eq!((stay.help.as_str(), stay.description.as_str()), ("Stays.", "More about staying."));
    assert!(!stay.is_async && !stay.options.reads);
}

#[test]
fn no_command_can_stand_at_an_address_of_the_gateway() {
    use wire::route::{COMMANDS, INVOKE, METRICS, SNAPSHOT};
    for url in [COMMANDS, INVOKE, METRICS, SNAPSHOT] {
        let last = url.rsplit('/').next().unwrap();
        assert!(RESERVED.contains(&last), "{last}");
    }
}
