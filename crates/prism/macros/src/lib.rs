//! The attributes `#[exposed]` and `#[expose]`. They read an impl block and write the implementation of `prism::Exposed`
//! beside it; what they mean is documented there.
//!
//! | file | does |
//! |---|---|
//! | `declaration.rs` | reads an impl block into commands, and says what is wrong with it |
//! | `attribute.rs` | reads `#[expose(…)]`, `#[arg(…)]` and doc comments |
//! | `expansion.rs` | writes the code |

mod attribute;
mod declaration;
mod expansion;

use proc_macro::TokenStream;
use quote::quote;

/// Marks the impl block whose `#[expose]`d methods are an agent's commands. See the documentation of `prism`.
#[proc_macro_attribute]
pub fn exposed(options: TokenStream, item: TokenStream) -> TokenStream {
    let (block, declared) = declaration::read(options.into(), item.into());
    let written = declared.map_or_else(syn::Error::into_compile_error, |declared| expansion::write(&declared));
    // The block is kept in any case: without its methods, one mistake would be followed by many that are none.
    quote!(#block #written).into()
}

/// Marks a method as a command, within a block marked `#[exposed]`, which reads it.
#[proc_macro_attribute]
pub fn expose(_: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let message = "#[expose] is for methods of an impl block that is marked #[exposed]; mark the block, too";
    quote!(::core::compile_error!(#message); #item).into()
}
