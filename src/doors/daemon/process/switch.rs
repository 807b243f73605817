//! The user's choice about the daemon: `VX_DAEMON`.

use crate::doors::daemon::error::DaemonError;

/// The value of `VX_DAEMON`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Switch {
    /// Never connect.
    Off,
    /// Connect if one runs.
    #[default]
    Auto,
    /// Fail if none runs.
    Require,
}

impl Switch {
    /// The choice in this process's environment.
    ///
    /// # Errors
    /// The variable has an unknown value.
    pub fn from_environment() -> Result<Self, DaemonError> {
        std::env::var_os("VX_DAEMON").map_or_else(|| Ok(Self::default()), |value| Self::read(&value.to_string_lossy()))
    }

    fn read(value: &str) -> Result<Self, DaemonError> {
        match value {
            "off" => Ok(Self::Off),
            "" | "auto" => Ok(Self::Auto),
            "require" => Ok(Self::Require),
            other => Err(DaemonError::Switch(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_none_of_the_three_is_refused_by_name() {
        for (value, switch) in [("", Switch::Auto), ("off", Switch::Off), ("require", Switch::Require)] {
            assert_eq!(Switch::read(value).expect(value), switch);
        }
        assert!(matches!(Switch::read("no"), Err(DaemonError::Switch(word)) if word == "no"));
    }
}
