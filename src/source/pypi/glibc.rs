//! The glibc of this machine: wheels for Linux name the oldest version that they support.

use std::ffi::OsStr;
use std::fmt;

use crate::source::options::SourceOptions;
use crate::source::system::find_on_path;

/// A version of glibc; `None` if it is not known, or if the system has another C library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Glibc(Option<(u32, u32)>);

impl Glibc {
    /// The output of `getconf`, which is part of glibc.
    pub(super) fn installed(options: &SourceOptions) -> Self {
        let said = || {
            let output =
                (options.runner)(&find_on_path(options, "getconf")?, &[OsStr::new("GNU_LIBC_VERSION")]).ok()?;
            Self::in_answer(str::from_utf8(&output.stdout).ok()?)
        };
        Self(said())
    }

    fn in_answer(text: &str) -> Option<(u32, u32)> {
        let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    }

    /// True if a program that needs this version runs, or if the installed version is not known.
    pub(super) fn suffices(self, major: i64, minor: i64) -> bool {
        self.0.is_none_or(|(own_major, own_minor)| (major, minor) <= (own_major.into(), own_minor.into()))
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
        assert!(glibc.suffices(2, 36) && glibc.suffices(1, 99) && !glibc.suffices(2, 37) && !glibc.suffices(3, 0));
        assert!(Glibc::default().suffices(9, 9));
    }
}
