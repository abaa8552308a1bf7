//! What an agent with commands is, for those who call it.

use crate::CallError;
use serde_json::Value;
use std::pin::Pin;
use wire::{Ask, CommandSpec};

/// Arguments by name.
pub type Arguments = serde_json::Map<String, Value>;

/// A call that runs.
pub type CallFuture<'a> = Pin<Box<dyn Future<Output = Result<Value, CallError>> + Send + 'a>>;

/// What a call may say while it runs. Implemented by the runtime.
pub trait CallCx: Send {
    /// Hands a part of the answer to the caller, ahead of the rest.
    fn chunk(&mut self, data: Value);
    /// Accounts for tokens of a language model: read, written.
    fn tokens(&mut self, input: u64, output: u64);
    /// Asks a person, and ends the call for now: what the method returns after this is not looked at. The agent goes on
    /// when it is resumed with the answer and with `frozen`, everything it needs to know then.
    fn ask(&mut self, ask: Ask, frozen: Value);
}

/// An agent with commands. Written by [`exposed`](macro@crate::exposed), not by hand.
pub trait Exposed: Send {
    /// Every command in the order of declaration, hidden ones included. The same slice at each call.
    fn specs(&self) -> &'static [CommandSpec];

    /// Whether a command, by its name or an alias, is a synchronous method: it does its work in one poll, which may take
    /// long, so its caller polls it where blocking is harmless. `false` for a name that is not known.
    fn is_blocking(&self, command: &str) -> bool;

    /// Calls a command by its name or an alias. The arguments are checked by [`check`](crate::check()) here; who wants to
    /// refuse wrong ones earlier may check them before as well, it changes nothing.
    ///
    /// # Errors
    /// [`CallError`]: unknown command, arguments that do not fit, or what the method said.
    fn call<'a>(&'a mut self, command: &'a str, arguments: Arguments, cx: &'a mut dyn CallCx) -> CallFuture<'a>;
}
