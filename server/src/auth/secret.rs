//! Secrets: made from 256 random bits, kept as SHA-256, compared in constant time.
//!
//! A slow hash such as Argon2 protects what people think up, because that can be guessed. Nobody guesses 256 random bits,
//! however fast the hash, so it would only cost time on every request.
//!
//! What is shown once reads `<id>_<secret>`. The id is public and finds the row, the secret is compared: so no search in
//! an index ever depends on a secret.

use runtime::store::keys::{Hash, KeyId};
use sha2::{Digest as _, Sha256};
use std::fmt::{self, Write as _};
use subtle::ConstantTimeEq as _;

/// What every token begins with, so that people and scanners for leaked secrets know one when they see it.
pub(crate) const PREFIX: &str = "trm_";

/// A text that is never shown by `Debug`, and so not by a log.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Quiet(pub(crate) String);

impl fmt::Debug for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A secret that was just made.
pub(crate) struct Minted {
    pub(crate) id: KeyId,
    pub(crate) hash: Hash,
    /// `<id>_<secret>`. To be shown once, and not to be kept.
    pub(crate) text: String,
}

/// Makes a secret.
pub(crate) fn mint() -> Minted {
    let id = KeyId::from_bits(u64::from_le_bytes(rand::random()));
    let secret = random();
    Minted { hash: hash(&secret), text: format!("{}_{secret}", id.as_str()), id }
}

/// 256 random bits as text.
pub(crate) fn random() -> String {
    hex(&rand::random::<[u8; 32]>())
}

/// The two parts of `<id>_<secret>`.
pub(crate) fn split(text: &str) -> Option<(KeyId, &str)> {
    let (id, secret) = text.split_once('_')?;
    Some((KeyId::parse(id)?, secret))
}

pub(crate) fn hash(secret: &str) -> Hash {
    Sha256::digest(secret).into()
}

/// Takes the same time wherever the two differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// What a session's writes have to carry, made from its secret: it needs no place on disk, and tells nothing about the
/// secret.
pub(crate) fn csrf(secret: &str) -> String {
    hex(&Sha256::new().chain_update("terrarium csrf ").chain_update(secret).finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_256_bits_and_found_by_its_public_part() {
        let minted = mint();
        let (id, secret) = split(&minted.text).unwrap();
        assert_eq!((id, secret.len()), (minted.id, 64));
        assert!(same(&hash(secret), &minted.hash));
        assert!(!same(&hash(&random()), &minted.hash));
        assert_ne!(csrf(secret), secret);
        for no in ["", "_", "abcd", "ABCD_x", "a b c_x"] {
            assert!(split(no).is_none(), "{no}");
        }
    }
}
