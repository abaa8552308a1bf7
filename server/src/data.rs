//! The data folder: made when missing, and held by one gateway at a time.

use std::{
    fs::{self, File, TryLockError},
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Locked for as long as a gateway holds the folder.
const LOCK: &str = "gateway.lock";
/// Says who holds it: process id and address.
const HOLDER: &str = "gateway.pid";

/// A data folder that is ours until this is dropped.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Why the folder cannot be ours.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be made or written.
    #[error("data: the folder {path} cannot be used: {error}; choose another with --data DIR", path = .path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another gateway holds it.
    #[error(
        "data: the folder {path} is in use by another gateway{holder}; stop that one, or choose another folder with --data DIR",
        path = .path.display()
    )]
    Held {
        /// The folder.
        path: PathBuf,
        /// Its process id and address, as far as they are known.
        holder: String,
    },
}

impl DataFolder {
    /// Makes the folder if needed and takes hold of it.
    pub(crate) fn claim(path: &Path) -> Result<Self, DataError> {
        let unusable = |error| DataError::Unusable { path: path.to_owned(), error };
        fs::create_dir_all(path).map_err(unusable)?;
        let file = File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: file }),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(path.join(HOLDER)).unwrap_or_default();
                let holder = match holder.trim().split_once(' ') {
                    Some((pid, address)) => format!(" (process {pid}, at http://{address})"),
                    None => String::new(),
                };
                Err(DataError::Held { path: path.to_owned(), holder })
            }
        }
    }

    /// Tells whoever comes next where we are.
    pub(crate) fn sign(&self, address: SocketAddr) -> Result<(), DataError> {
        fs::write(self.path.join(HOLDER), format!("{} {address}\n", std::process::id()))
            .map_err(|error| DataError::Unusable { path: self.path.clone(), error })
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // Only a note; a stale one is never read, because it is read only while the lock is held.
        let _ = fs::remove_file(self.path.join(HOLDER));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_gateway_learns_who_holds_the_folder_and_a_later_one_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("not/there/yet");
        let first = DataFolder::claim(&path).unwrap();
        first.sign(SocketAddr::from(([127, 0, 0, 1], 8123))).unwrap();
        let why = DataFolder::claim(&path).unwrap_err().to_string();
        assert!(why.contains(&std::process::id().to_string()) && why.contains("127.0.0.1:8123"), "{why}");
        drop(first);
        assert!(DataFolder::claim(&path).is_ok());
    }
}
