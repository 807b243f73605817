//! glibc of this machine: a wheel for Linux names the oldest version that it supports.

use std::ffi::OsStr;
use std::fmt;

use crate::options::SourceOptions;

/// A version of glibc; `None` if it's unknown, or if the system has another C library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Glibc(Option<(u32, u32)>);

/// A glibc that nearly every machine has by now; used to choose wheels for other machines.
const USUAL: (u32, u32) = (2, 28);

impl Glibc {
    /// Ask `getconf`, which is part of glibc.
    pub(super) fn installed(options: &SourceOptions) -> Self {
        let said = || {
            let output =
                (options.runner)(&options.program_on_path("getconf")?, &[OsStr::new("GNU_LIBC_VERSION")]).ok()?;
            Self::in_answer(str::from_utf8(&output.stdout).ok()?)
        };
        Self(said())
    }

    /// This version.
    #[cfg(test)]
    pub(super) fn with_version(major: u32, minor: u32) -> Self {
        Self(Some((major, minor)))
    }

    fn in_answer(text: &str) -> Option<(u32, u32)> {
        let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    }

    /// Whether a program that needs this version runs; also `true` if the installed version is unknown.
    pub(super) fn suffices(self, needed: (u32, u32)) -> bool {
        self.0.is_none_or(|own| needed <= own)
    }

    /// Newest version to prefer in a wheel: the installed one, or a usual one if that is unknown.
    pub(super) fn preferred(self) -> (u32, u32) {
        self.0.unwrap_or(USUAL)
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |(major, minor)| write!(f, " with glibc {major}.{minor}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_getconf_says_is_understood_and_what_it_does_not_say_limits_nothing() {
        for (said, version) in [
            ("glibc 2.36\n", Some((2, 36))),
            ("glibc 2.3.4", Some((2, 3))),
            ("musl 1.2", None),
            ("glibc two.3", None),
            ("", None),
        ] {
            assert_eq!(Glibc::in_answer(said), version, "{said}");
        }
        let glibc = Glibc(Some((2, 36)));
        assert!([(2, 36), (1, 99)].into_iter().all(|needed| glibc.suffices(needed)));
        assert!(![(2, 37), (3, 0)].into_iter().any(|needed| glibc.suffices(needed)));
        assert!(Glibc::default().suffices((9, 9)));
        assert_eq!((glibc.preferred(), Glibc::default().preferred()), ((2, 36), USUAL));
    }
}
