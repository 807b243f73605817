//! The trial start of a release's native program before the release counts, and the good results of earlier trials.
//!
//! A good result is stored in the home's cache as a small file. The file is named by the digest of its content: the
//! archives, how they are unpacked, the program, and its arguments. So a reinstall of the same archives starts nothing
//! again. A file with any other content counts as missing. A death isn't stored, so each install of such a release
//! finds it anew.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use vx_base::digest::Algorithm;
use vx_base::files::replace_file::replace_file;
use vx_base::files::small_file::read_small;
use vx_base::package::archive::Archive;
use vx_base::paths::Home;

/// Raised when the meaning of a result changes.
const FORMAT: u32 = 1;

/// Most results to store; beyond that all are removed, and each program is started once more.
const MOST: usize = 1_000;

/// A program to start once.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Its file.
    pub file: &'a Path,
    /// Its arguments, which make it print something harmless and end.
    pub arguments: &'a [String],
}

/// How a program that was started once ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialEnd {
    /// It ended by itself, or was still running when its time was up.
    Runs,
    /// A signal ended it. Holds which, in words.
    Died(String),
    /// It was not started, or the install was cancelled meanwhile.
    Unknown,
}

/// Everything that determines a program's content and its start.
#[derive(Serialize)]
pub(crate) struct TrialSubject<'a> {
    format: u32,
    archives: Vec<(String, u32, &'a str)>,
    excluded: &'a str,
    program: &'a str,
    arguments: &'a [String],
}

impl<'a> TrialSubject<'a> {
    /// Describe the program at this path of a release made of these archives, without the files that `excluded` names.
    /// `None` if an archive has no digest.
    pub(crate) fn for_program(
        archives: &'a [Archive],
        excluded: &'a str,
        program: &'a str,
        arguments: &'a [String],
    ) -> Option<Self> {
        let archive =
            |archive: &'a Archive| Some((archive.digest.as_ref()?.to_string(), archive.strip, &*archive.into));
        let archives = archives.iter().map(archive).collect::<Option<_>>()?;
        Some(Self { format: FORMAT, archives, excluded, program, arguments })
    }

    /// Whether an earlier start in this home went well.
    pub(crate) fn is_known_to_run(&self, home: &Home) -> bool {
        let (name, content) = self.file();
        read_small(&home.trials().join(name), content.len() as u64).is_some_and(|kept| kept == content)
    }

    /// Store the good result. In a home that can't be written to, the program is started again at the next install.
    pub(crate) fn keep(&self, home: &Home) {
        let (name, content) = self.file();
        let folder = home.trials();
        let kept = make_room(&folder).and_then(|()| replace_file(&folder.join(name), |file| file.write_all(&content)));
        drop(kept);
    }

    /// Name and content of the file for a good result.
    fn file(&self) -> (String, Vec<u8>) {
        let content = serde_json::to_vec(self).unwrap_or_default();
        let mut hasher = Algorithm::Sha256.hasher();
        hasher.update(&content);
        (hasher.finish().hex(), content)
    }
}

fn make_room(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let kept: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    if kept.len() >= MOST {
        kept.iter().for_each(|file| drop(fs::remove_file(file)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(fill: char) -> Archive {
        Archive { digest: fill.to_string().repeat(64).parse().ok(), ..Archive::default() }
    }

    #[test]
    fn a_result_counts_for_the_same_archives_program_and_arguments_only() {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::from_root(top.path().to_owned());
        let (archives, arguments) = ([archive('a')], ["--version".to_owned()]);
        let subject = |archives, excluded, program| {
            TrialSubject::for_program(archives, excluded, program, &arguments).expect("digests")
        };
        assert!(!subject(&archives, "", "bin/a").is_known_to_run(&home));
        subject(&archives, "", "bin/a").keep(&home);
        assert!(subject(&archives, "", "bin/a").is_known_to_run(&home));
        let renamed = [Archive { file: "other.whl".into(), size: Some(3), ..archive('a') }];
        let renamed = TrialSubject::for_program(&renamed, "", "bin/a", &arguments).expect("digests");
        assert!(renamed.is_known_to_run(&home), "the same bytes");
        let others = [
            ([archive('b')], "", "bin/a"),
            ([Archive { strip: 1, ..archive('a') }], "", "bin/a"),
            ([Archive { into: "lib".into(), ..archive('a') }], "", "bin/a"),
            ([archive('a')], "*.so", "bin/a"),
            ([archive('a')], "", "bin/b"),
        ];
        for (archives, excluded, program) in &others {
            let subject = TrialSubject::for_program(archives, excluded, program, &arguments).expect("digests");
            assert!(!subject.is_known_to_run(&home), "{archives:?} {excluded} {program}");
        }
        assert!(
            !TrialSubject::for_program(&archives, "", "bin/a", &[]).expect("digests").is_known_to_run(&home),
            "other arguments"
        );
        assert!(TrialSubject::for_program(&[Archive::default()], "", "bin/a", &arguments).is_none(), "no digest");
    }

    #[test]
    fn a_file_that_holds_anything_else_counts_as_missing_and_is_replaced() {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::from_root(top.path().to_owned());
        let archives = [archive('a')];
        let subject = TrialSubject::for_program(&archives, "", "bin/a", &[]).expect("digests");
        let (name, content) = subject.file();
        fs::create_dir_all(home.trials()).expect("a folder");
        let longer = [&content[..], b" "].concat();
        for damaged in [&b""[..], b"{}", b"\xff", &content[..content.len() - 1], &longer] {
            fs::write(home.trials().join(&name), damaged).expect("a file");
            assert!(!subject.is_known_to_run(&home), "{}", String::from_utf8_lossy(damaged));
        }
        subject.keep(&home);
        assert!(subject.is_known_to_run(&home));
    }

    #[test]
    fn a_bounded_number_of_results_is_kept() {
        let top = tempfile::tempdir().expect("a directory");
        let home = Home::from_root(top.path().to_owned());
        fs::create_dir_all(home.trials()).expect("a folder");
        (0..MOST).for_each(|number| fs::write(home.trials().join(number.to_string()), "").expect("a file"));
        let archives = [archive('a')];
        let subject = TrialSubject::for_program(&archives, "", "bin/a", &[]).expect("digests");
        subject.keep(&home);
        assert!(subject.is_known_to_run(&home));
        assert_eq!(fs::read_dir(home.trials()).expect("a folder").count(), 1);
    }
}
