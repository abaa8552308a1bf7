//! Tests that watch the shape of the code, and what several crates' tests share. Only ever a dev-dependency.

use std::path::PathBuf;

/// The repository's root.
///
/// # Panics
/// Where this crate does not stand two folders below it, which a build would not survive either.
#[must_use]
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    match here.ancestors().nth(2) {
        Some(root) => root.to_owned(),
        None => unreachable!("this crate lives in crates/testkit"),
    }
}
