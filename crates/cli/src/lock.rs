//! One process per data folder: SQLite has one writer, and a key has one sender.

use crate::error::{Problem, Result};
use std::{
    fs::{File, TryLockError},
    path::Path,
};

/// Held while the process lives; the operating system lets go of it even after `kill -9`.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a folder, which is made if it is missing.
    ///
    /// # Errors
    /// [`Problem::Locked`], [`Problem::Io`].
    pub fn take(folder: &Path) -> Result<Self> {
        let what = folder.display().to_string();
        std::fs::create_dir_all(folder).map_err(Problem::io(what.clone()))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(Problem::io(what.clone()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Problem::Locked {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(Problem::io(what)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_one_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        assert!(matches!(
            Lock::take(folder.path()),
            Err(Problem::Locked { .. })
        ));
        drop(first);
        Lock::take(folder.path()).unwrap();
    }
}
