//! The platforms that releases are made for, by the names that the lock file uses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Os {
    /// Linux with glibc.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// A processor architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Arch {
    /// x86-64.
    X64,
    /// 64-bit Arm.
    Arm64,
}

/// An operating system on an architecture; written `linux-x64`, `macos-arm64`, `windows-x64`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform {
    /// The operating system.
    pub os: Os,
    /// The architecture.
    pub arch: Arch,
}

impl Platform {
    /// Every platform a lock file may name.
    pub const ALL: [Platform; 6] = {
        use Arch::{Arm64, X64};
        use Os::{Linux, Macos, Windows};
        [
            Platform { os: Linux, arch: X64 },
            Platform { os: Linux, arch: Arm64 },
            Platform { os: Macos, arch: X64 },
            Platform { os: Macos, arch: Arm64 },
            Platform { os: Windows, arch: X64 },
            Platform { os: Windows, arch: Arm64 },
        ]
    };

    /// The platform this program was built for; `None` if no tools are known for it.
    pub fn current() -> Option<Self> {
        let os = match std::env::consts::OS {
            "linux" => Os::Linux,
            "macos" => Os::Macos,
            "windows" => Os::Windows,
            _ => return None,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => Arch::X64,
            "aarch64" => Arch::Arm64,
            _ => return None,
        };
        Some(Self { os, arch })
    }
}

impl Os {
    /// The name used in `vx.toml` and the lock file.
    pub const fn name(self) -> &'static str {
        match self {
            Os::Linux => "linux",
            Os::Macos => "macos",
            Os::Windows => "windows",
        }
    }
}

impl FromStr for Os {
    type Err = UnknownPlatform;

    /// Parses a platform's name; `darwin` is accepted for macOS.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "linux" => Ok(Os::Linux),
            "macos" | "darwin" => Ok(Os::Macos),
            "windows" => Ok(Os::Windows),
            _ => Err(UnknownPlatform(text.to_owned())),
        }
    }
}

impl Arch {
    /// The name used in the lock file.
    pub const fn name(self) -> &'static str {
        match self {
            Arch::X64 => "x64",
            Arch::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.os.name(), self.arch.name())
    }
}

/// A name that isn't a known platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown platform `{0}`")]
pub struct UnknownPlatform(pub String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|platform| platform.to_string() == text)
            .ok_or_else(|| UnknownPlatform(text.to_owned()))
    }
}

impl TryFrom<String> for Platform {
    type Error = UnknownPlatform;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Platform> for String {
    fn from(platform: Platform) -> Self {
        platform.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_reads_back_from_its_name() {
        for platform in Platform::ALL {
            assert_eq!(platform.to_string().parse(), Ok(platform));
        }
        assert!("plan9-mips".parse::<Platform>().is_err());
    }
}
