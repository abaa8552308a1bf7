//! What is known of a watched folder: its folders, the names of their files, and which rules leave out what.
//!
//! **Invariant:** every known folder is watched and no other, so ignored folders cost nothing. Knowing the names costs
//! some forty bytes a file and lets "created" and "modified" be told apart by what was there, not by guessing from notices.

use super::{Change, Happening, Kind};
use crate::agent::AgentError;
use ignore::{Match, gitignore::Gitignore};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// The file that says what to leave out.
pub(super) const RULES: &str = ".gitignore";
/// Never watched: its changes are git's own business.
const GIT: &str = ".git";

/// A folder and all below it that is not ignored. Every method may block on the disk.
pub(super) struct Tree {
    root: PathBuf,
    /// Rules of the folders above the root, up to the one that holds `.git`; the nearest first. Read once.
    above: Vec<Gitignore>,
    folders: BTreeMap<PathBuf, Folder>,
    folders_max: usize,
    unreadable: Vec<PathBuf>,
    watcher: RecommendedWatcher,
}

#[derive(Default)]
struct Folder {
    rules: Option<Gitignore>,
    files: BTreeSet<OsString>,
}

impl Tree {
    /// Reads and watches a whole folder.
    ///
    /// # Errors
    /// `folder_not_found`, `not_a_folder`, `unreadable_folder`, `too_large_to_watch`.
    pub(super) fn new(root: &Path, watcher: RecommendedWatcher, folders_max: usize) -> Result<Self, AgentError> {
        let missing = |e: io::Error| match e.kind() {
            io::ErrorKind::NotFound => {
                AgentError::new("folder_not_found", format!("there is no folder {}", root.display()))
                    .hint("Create it first, or check the spelling.")
            }
            _ => unreadable(&root.display().to_string(), &e.to_string()),
        };
        let root = fs::canonicalize(root).map_err(missing)?;
        if !root.is_dir() {
            return Err(AgentError::new("not_a_folder", format!("{} is not a folder", root.display()))
                .hint("To follow one file, use the `tail` agent."));
        }
        fs::read_dir(&root).map_err(missing)?;
        let above = rules_above(&root);
        let mut tree = Self { root, above, folders: BTreeMap::new(), folders_max, unreadable: Vec::new(), watcher };
        tree.scan_all()?;
        Ok(tree)
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads everything again and returns how it differs from what was known.
    pub(super) fn scan_all(&mut self) -> Result<Vec<Change>, AgentError> {
        self.scan(&self.root.clone())
    }

    /// Reads a folder and all below it, watches what is there and returns how it differs from what was known.
    ///
    /// # Errors
    /// `too_large_to_watch`: the tree is of no more use.
    pub(super) fn scan(&mut self, at: &Path) -> Result<Vec<Change>, AgentError> {
        let before = self.cut(at);
        let mut unread = vec![at.to_owned()];
        while let Some(path) = unread.pop() {
            if self.folders.len() >= self.folders_max {
                return Err(too_large(format!("it has more than {} folders that are not ignored", self.folders_max)));
            }
            // Watched before it is read, so that nothing falls between.
            match self.watcher.watch(&path, RecursiveMode::NonRecursive).map_err(|e| e.kind) {
                Ok(()) => {}
                Err(ErrorKind::MaxFilesWatch) => {
                    let watched = self.folders.len();
                    return Err(too_large(format!("the system's limit was reached after {watched} folders")));
                }
                Err(ErrorKind::PathNotFound) => continue,
                Err(_) => {
                    self.unreadable.push(path);
                    continue;
                }
            }
            self.read_folder(path, &mut unread);
        }
        for path in before.keys() {
            if !self.folders.contains_key(path) {
                self.unwatch(path);
            }
        }
        Ok(self.difference(at, &before))
    }

    /// Learns the names in one folder and appends its subfolders to those yet unread.
    fn read_folder(&mut self, path: PathBuf, unread: &mut Vec<PathBuf>) {
        // Known with its rules before its entries are looked at, because they may be ignored by these.
        let rules = read_rules(&path);
        self.folders.insert(path.clone(), Folder { rules, files: BTreeSet::new() });
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return,
            Err(_) => return self.unreadable.push(path),
        };
        let mut files = BTreeSet::new();
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type().map(kind_of) else { continue };
            match kind {
                _ if self.ignored(&entry.path(), kind) => {}
                Kind::Folder => unread.push(entry.path()),
                Kind::File => {
                    files.insert(entry.file_name());
                }
            }
        }
        self.folders.entry(path).or_default().files = files;
    }

    /// Reads the rules of a known folder again. What they newly say about what is there takes a [`Self::scan`].
    pub(super) fn reload_rules(&mut self, path: &Path) {
        if let Some(folder) = self.folders.get_mut(path) {
            folder.rules = read_rules(path);
        }
    }

    /// Whether a path in a known folder is left out: by the nearest rule that speaks of it, as git has it.
    pub(super) fn ignored(&self, path: &Path, kind: Kind) -> bool {
        if path.file_name().is_some_and(|name| name == GIT) {
            return true;
        }
        let within = path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.root));
        let rules = within.filter_map(|folder| self.folders.get(folder)?.rules.as_ref());
        for rules in rules.chain(&self.above) {
            match rules.matched(path, kind == Kind::Folder) {
                Match::None => {}
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
            }
        }
        false
    }

    /// What a path was when last looked at.
    pub(super) fn known(&self, path: &Path) -> Option<Kind> {
        if self.folders.contains_key(path) {
            return Some(Kind::Folder);
        }
        let (folder, name) = (path.parent()?, path.file_name()?);
        self.folders.get(folder)?.files.contains(name).then_some(Kind::File)
    }

    /// Remembers a file. The folder it is in must be known.
    pub(super) fn remember(&mut self, file: &Path) {
        if let (Some(folder), Some(name)) = (file.parent(), file.file_name())
            && let Some(folder) = self.folders.get_mut(folder)
        {
            folder.files.insert(name.to_owned());
        }
    }

    /// Forgets a file, or a folder and all below it.
    pub(super) fn forget(&mut self, path: &Path) {
        for folder in self.cut(path).keys() {
            self.unwatch(folder);
        }
        if let (Some(folder), Some(name)) = (path.parent(), path.file_name())
            && let Some(folder) = self.folders.get_mut(folder)
        {
            folder.files.remove(name);
        }
    }

    /// Folders that could not be read since the last call, as one error.
    pub(super) fn take_unreadable(&mut self) -> Option<AgentError> {
        let paths = std::mem::take(&mut self.unreadable);
        let first = self.relative(paths.first()?);
        Some(unreadable(&first, &format!("{} folders are not watched", paths.len())))
    }

    /// A path as it is said: relative to the root, with `/` between its parts.
    pub(super) fn relative(&self, path: &Path) -> String {
        let parts = path.strip_prefix(&self.root).unwrap_or(path).iter();
        parts.map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// A change as it is said, with the size of a file that exists.
    pub(super) fn change(&self, path: &Path, change: Happening, kind: Kind) -> Change {
        let bytes = (kind == Kind::File).then(|| fs::symlink_metadata(path).ok().map(|found| found.len()));
        Change { path: self.relative(path), change, kind, from: None, bytes: bytes.flatten() }
    }

    /// Takes a folder and all below it out of what is known.
    fn cut(&mut self, at: &Path) -> BTreeMap<PathBuf, Folder> {
        let mut below = self.folders.split_off(at);
        let after = below.keys().find(|path| !path.starts_with(at)).cloned();
        if let Some(after) = after {
            self.folders.append(&mut below.split_off(&after));
        }
        below
    }

    fn difference(&self, at: &Path, before: &BTreeMap<PathBuf, Folder>) -> Vec<Change> {
        let none = BTreeSet::new();
        let mut changes = Vec::new();
        // What is gone is said from the leaves up and what is new from the root down, as it must have happened.
        for (path, old) in before.iter().rev() {
            let new = self.folders.get(path);
            for file in old.files.difference(new.map_or(&none, |new| &new.files)) {
                changes.push(self.change(&path.join(file), Happening::Removed, Kind::File));
            }
            if new.is_none() {
                changes.push(self.change(path, Happening::Removed, Kind::Folder));
            }
        }
        let now = self.folders.range(at.to_owned()..).take_while(|(path, _)| path.starts_with(at));
        for (path, new) in now {
            let old = before.get(path);
            if old.is_none() {
                changes.push(self.change(path, Happening::Created, Kind::Folder));
            }
            for file in new.files.difference(old.map_or(&none, |old| &old.files)) {
                changes.push(self.change(&path.join(file), Happening::Created, Kind::File));
            }
        }
        changes
    }

    fn unwatch(&mut self, path: &Path) {
        // The system has already ended the watch of a folder that is gone, which is the only way this fails.
        let _ = self.watcher.unwatch(path);
    }
}

/// What an entry is; a link is not followed.
pub(super) fn kind_of(found: fs::FileType) -> Kind {
    if found.is_dir() { Kind::Folder } else { Kind::File }
}

fn read_rules(folder: &Path) -> Option<Gitignore> {
    let path = folder.join(RULES);
    // A line that is no pattern is skipped, as git does.
    path.is_file().then(|| Gitignore::new(path).0)
}

fn rules_above(root: &Path) -> Vec<Gitignore> {
    if root.join(GIT).exists() {
        return Vec::new();
    }
    let above: Vec<_> = root.ancestors().skip(1).collect();
    match above.iter().position(|folder| folder.join(GIT).exists()) {
        Some(repository) => above[..=repository].iter().filter_map(|folder| read_rules(folder)).collect(),
        None => Vec::new(),
    }
}

fn too_large(why: String) -> AgentError {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").unwrap_or_default();
    let limit = if limit.is_empty() { String::new() } else { format!(" (now {})", limit.trim()) };
    AgentError::new("too_large_to_watch", format!("the folder is too large to watch: {why}")).hint(format!(
        "Choose a smaller folder, name bulky ones in .gitignore, or raise fs.inotify.max_user_watches{limit}."
    ))
}

fn unreadable(path: &str, why: &str) -> AgentError {
    AgentError::new("unreadable_folder", format!("cannot read {path}: {why}"))
        .hint("Check that the user Terrarium runs as may read it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_beyond_the_limit_is_refused_with_counts_and_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..5 {
            fs::create_dir(folder.path().join(n.to_string())).unwrap();
        }
        let tree = |max| Tree::new(folder.path(), notify::recommended_watcher(|_| {}).unwrap(), max);
        assert!(tree(6).is_ok(), "the root and five folders");
        let error = tree(5).map(|_| ()).unwrap_err();
        assert_eq!(error.kind, "too_large_to_watch");
        assert!(error.message.contains("more than 5 folders"), "{}", error.message);
        assert!(error.hint.unwrap().contains("max_user_watches"));
    }

    #[test]
    fn rules_above_the_root_count_up_to_the_repository() {
        let outside = tempfile::tempdir().unwrap();
        let repository = outside.path().join("repository");
        fs::create_dir_all(repository.join(".git")).unwrap();
        fs::create_dir_all(repository.join("crate/build")).unwrap();
        fs::create_dir_all(repository.join("crate/src")).unwrap();
        fs::write(outside.path().join(RULES), "src\n").unwrap();
        fs::write(repository.join(RULES), "build/\n").unwrap();
        let watcher = notify::recommended_watcher(|_| {}).unwrap();
        let tree = Tree::new(&repository.join("crate"), watcher, 10).unwrap();
        let root = tree.root().to_owned();
        assert_eq!(tree.known(&root.join("src")), Some(Kind::Folder));
        assert_eq!(tree.known(&root.join("build")), None);
    }
}
