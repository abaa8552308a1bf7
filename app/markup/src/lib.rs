//! The page's own `view!`. Reads the markup that Leptos' macro of that name reads, and makes of it calls on the page's one
//! type of element, where Leptos makes a type of its own for every element, which costs the browser dearly.
//!
//! Knows the markup and the names of the element's methods; never what is shown. Components stay Leptos' business.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use rstml::{
    Infallible,
    node::{KeyedAttribute, Node, NodeAttribute, NodeBlock, NodeElement},
};

/// Markup as a view: one element, or several side by side.
#[proc_macro]
pub fn view(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match rstml::parse2(tokens.into()) {
        Ok(nodes) => roots(&nodes).into(),
        Err(error) => error.to_compile_error().into(),
    }
}

/// One is what it is; several become one view, side by side.
fn roots(nodes: &[Node]) -> TokenStream {
    match nodes {
        [node] => piece(node),
        several => {
            let views = several.iter().map(piece);
            quote! { vec![#(crate::whole::IntoWhole::whole(#views)),*] }
        }
    }
}

/// A node as a value.
fn piece(node: &Node) -> TokenStream {
    match node {
        Node::Element(element) if is_component(element) => component(element),
        Node::Element(element) => whole(element),
        Node::Block(block) => value(block),
        Node::Text(text) => {
            let text = &text.value;
            quote! { #text }
        }
        other => quote! { compile_error!(concat!("not known to this markup: ", stringify!(#other))) },
    }
}

fn is_component(element: &NodeElement<Infallible>) -> bool {
    element.name().to_string().starts_with(char::is_uppercase)
}

fn whole(element: &NodeElement<Infallible>) -> TokenStream {
    let tag = element.name().to_string();
    let (mut fixed, mut calls) = (Vec::new(), Vec::new());
    for attribute in element.attributes() {
        match attribute {
            NodeAttribute::Attribute(attribute) => match literal(attribute) {
                Some(pair) => fixed.push(pair),
                None => calls.push(call(attribute)),
            },
            NodeAttribute::Block(block) => calls.push(quote_spanned! { span(block) => compile_error!("no attribute") }),
        }
    }
    let children = element.children.iter().map(|child| {
        let child = piece(child);
        quote! { .child(#child) }
    });
    quote! { crate::element::Element::new(#tag, &[#(#fixed),*]) #(#calls)* #(#children)* }
}

/// What Leptos makes of a component, without the type that it puts around it.
fn component(element: &NodeElement<Infallible>) -> TokenStream {
    let name = element.name();
    let properties = element.attributes().iter().filter_map(|attribute| match attribute {
        NodeAttribute::Attribute(attribute) => {
            let name = &attribute.key;
            let value = attribute.value().map_or_else(|| quote! { #name }, |value| quote! { #value });
            Some(quote! { .#name(#value) })
        }
        NodeAttribute::Block(_) => None,
    });
    quote! {
        ::leptos::component::component_view(
            &#name,
            ::leptos::component::component_props_builder(&#name) #(#properties)* .build(),
        )
    }
}

/// An attribute that is the same wherever the element stands.
fn literal(attribute: &KeyedAttribute) -> Option<TokenStream> {
    let value = attribute.value()?;
    let written = quote! { #value }.to_string();
    let (name, plain) = (attribute.key.to_string(), written.starts_with('"'));
    (plain && !name.contains(':') && name != "inner_html").then(|| quote! { (#name, #value) })
}

/// The call that adds an attribute.
fn call(attribute: &KeyedAttribute) -> TokenStream {
    let key = attribute.key.to_string();
    let value = attribute.value().map_or_else(|| quote! { true }, |value| quote! { #value });
    match key.split_once(':') {
        Some(("on", event)) => {
            let name = format_ident!("{event}", span = span(&attribute.key));
            quote! { .on(#event, ::leptos::ev::#name, #value) }
        }
        Some(("class", name)) => quote! { .class(#name, #value) },
        Some(("prop", name)) => quote! { .property(#name, #value) },
        Some(_) => quote_spanned! { span(&attribute.key) => .compile_error!("not known to this markup") },
        None if key == "node_ref" => quote! { .reference(#value) },
        None if key == "inner_html" => quote! { .inner_html(#value) },
        None => quote! { .set(#key, #value) },
    }
}

/// What is in braces, without braces where it is an expression.
fn value(block: &NodeBlock) -> TokenStream {
    match block.try_block().map(|block| block.stmts.as_slice()) {
        Some([expression]) => quote! { #expression },
        _ => quote! { #block },
    }
}

fn span(tokens: &impl ToTokens) -> Span {
    tokens.to_token_stream().into_iter().next().map_or_else(Span::call_site, |token| token.span())
}
