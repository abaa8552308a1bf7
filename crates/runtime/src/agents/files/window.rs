//! Notices collected over a short time, and what they come to.
//!
//! A notice only says where to look. What is said is the difference between what was known and what is there now, so a
//! file written a hundred times is one change and a file that came and went is none.

use super::{
    Change, Happening, Kind,
    tree::{RULES, Tree, kind_of},
};
use crate::agent::AgentError;
use notify::{
    Event, EventKind,
    event::{ModifyKind, RenameMode},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

/// Paths to look at.
#[derive(Default)]
pub(super) struct Window {
    /// In the order of their first notice.
    order: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
    /// Paths that came, went or moved, as opposed to those that were written to.
    replaced: HashSet<PathBuf>,
    /// Paths that went: only of interest for the root.
    left: HashSet<PathBuf>,
    /// New name to old name.
    renames: HashMap<PathBuf, PathBuf>,
}

impl Window {
    /// Paths collected.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Takes a notice in.
    pub(super) fn add(&mut self, notice: Event) {
        let written = matches!(notice.kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)));
        let both = notice.kind == EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        let leaves =
            matches!(notice.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)));
        if both && let [from, to] = notice.paths.as_slice() {
            self.renames.insert(to.clone(), from.clone());
        }
        for path in notice.paths {
            if !written {
                self.replaced.insert(path.clone());
            }
            if leaves {
                self.left.insert(path.clone());
            }
            if self.seen.insert(path.clone()) {
                self.order.push(path);
            }
        }
    }

    /// Looks at every path once, brings the tree up to date and appends what changed.
    ///
    /// # Errors
    /// `folder_removed`, `too_large_to_watch`: the tree is of no more use.
    pub(super) fn settle(&self, tree: &mut Tree, changes: &mut Vec<Change>) -> Result<(), AgentError> {
        if self.left.contains(tree.root()) || !tree.root().is_dir() {
            let message = format!("the folder {} was removed or moved away", tree.root().display());
            return Err(AgentError::new("folder_removed", message).hint("Restart the agent when it is back."));
        }
        let new_rules = self.order.iter().filter(|path| path.ends_with(RULES)).filter_map(|path| path.parent());
        let new_rules: BTreeSet<_> = new_rules.collect();
        for folder in &new_rules {
            tree.reload_rules(folder);
        }
        let moves: HashMap<_, _> = self.order.iter().filter_map(|to| Some((to, self.origin(to, tree)?))).collect();
        let origins: HashSet<_> = moves.values().copied().collect();
        for path in &self.order {
            if let Some(from) = moves.get(path) {
                changes.push(follow(tree, from, path)?);
            } else if !origins.contains(path.as_path()) {
                self.look(tree, path, changes)?;
            }
        }
        // What newly counts, or no longer does, has not itself changed, so it is learned without a word.
        for folder in new_rules {
            if tree.known(folder).is_some() {
                tree.scan(folder)?;
            }
        }
        Ok(())
    }

    /// Where a path was before the window, if it is the same thing under a new name and both names are of interest.
    fn origin<'a>(&'a self, to: &Path, tree: &Tree) -> Option<&'a Path> {
        let kind = kind_at(to)?;
        if tree.known(to).is_some() || !counts(tree, to, kind) {
            return None;
        }
        let mut from = self.renames.get(to)?;
        // A thing may have had several names in one window; only names nobody knew of are skipped. Names may go round in
        // a circle, but no chain is longer than the number of renames.
        for _ in 0..self.renames.len() {
            match self.renames.get(from) {
                Some(earlier) if tree.known(from).is_none() => from = earlier,
                _ => break,
            }
        }
        (tree.known(from) == Some(kind) && kind_at(from).is_none()).then_some(from.as_path())
    }

    fn look(&self, tree: &mut Tree, path: &Path, changes: &mut Vec<Change>) -> Result<(), AgentError> {
        let was = tree.known(path);
        let is = kind_at(path).filter(|kind| counts(tree, path, *kind));
        match (was, is) {
            (Some(Kind::File), Some(Kind::File)) => {
                changes.push(tree.change(path, Happening::Modified, Kind::File));
            }
            (Some(Kind::Folder), Some(Kind::Folder)) => {
                // Perhaps another folder of the same name, which is not watched yet.
                if self.replaced.contains(path) {
                    changes.append(&mut tree.scan(path)?);
                }
            }
            (was, is) => {
                if let Some(kind) = was {
                    tree.forget(path);
                    // What is still there but no longer counts was not removed.
                    if is.is_some() || kind_at(path).is_none() {
                        changes.push(Change { bytes: None, ..tree.change(path, Happening::Removed, kind) });
                    }
                }
                match is {
                    Some(Kind::Folder) => changes.append(&mut tree.scan(path)?),
                    Some(Kind::File) => {
                        tree.remember(path);
                        changes.push(tree.change(path, Happening::Created, Kind::File));
                    }
                    None => {}
                }
            }
        }
        Ok(())
    }
}

/// Takes a thing along to its new name.
fn follow(tree: &mut Tree, from: &Path, to: &Path) -> Result<Change, AgentError> {
    let kind = tree.known(from).unwrap_or(Kind::File);
    tree.forget(from);
    match kind {
        Kind::File => tree.remember(to),
        Kind::Folder => drop(tree.scan(to)?),
    }
    Ok(Change { from: Some(tree.relative(from)), ..tree.change(to, Happening::Renamed, kind) })
}

/// Whether a path is in a folder that is watched and not left out by its rules.
fn counts(tree: &Tree, path: &Path, kind: Kind) -> bool {
    path.parent().is_some_and(|folder| tree.known(folder) == Some(Kind::Folder)) && !tree.ignored(path, kind)
}

fn kind_at(path: &Path) -> Option<Kind> {
    Some(kind_of(fs::symlink_metadata(path).ok()?.file_type()))
}
