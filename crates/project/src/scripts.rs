//! A project's scripts, and the order in which a script and its dependencies run.

mod words;

use vx_base::nearest::nearest;
use vx_base::trouble::{Explain, TroubleKind};

pub use words::{PlaceholderValues, Quote, takes_arguments};

/// A script of `[scripts]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectScript {
    /// Its name.
    pub name: String,
    /// Command for the shell, with words in double braces unexpanded; empty if the script only has dependencies.
    pub command: String,
    /// What the script is for.
    pub description: Option<String>,
    /// Arguments that precede those of the command line.
    pub args: Vec<String>,
    /// The script's own variables.
    pub env: Vec<(String, String)>,
    /// Working directory, below the project's.
    pub cwd: Option<String>,
    /// Scripts that have to succeed first.
    pub depends: Vec<String>,
}

/// Why a script can't be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// No script has this name.
    #[error("there is no script `{name}`{}", wanted_by.as_ref().map(|by| format!(", on which `{by}` depends")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// Script that depends on it; `None` if the user named it.
        wanted_by: Option<String>,
        /// Most similar names.
        near: Vec<String>,
    },
    /// A script depends on itself.
    #[error("scripts depend on each other in a circle: {}", circle.join(" -> "))]
    Circle {
        /// Names on the circle; the last is the first again.
        circle: Vec<String>,
    },
    /// The command has an unknown word in braces.
    #[error("the script `{script}` holds `{{{{{word}}}}}`, which stands for nothing")]
    Word {
        /// The script.
        script: String,
        /// The word.
        word: String,
        /// Most similar words.
        near: Vec<String>,
    },
    /// The command needs more arguments than were given.
    #[error("the script `{script}` needs at least {wanted} {}, and has {given}", if *wanted == 1 { "argument" } else { "arguments" })]
    Arguments {
        /// The script.
        script: String,
        /// How many arguments are needed.
        wanted: usize,
        /// How many arguments were given.
        given: usize,
    },
}

impl Explain for ScriptError {
    fn kind(&self) -> TroubleKind {
        match self {
            Self::Unknown { .. } => TroubleKind::NotFound,
            Self::Circle { .. } | Self::Word { .. } => TroubleKind::Configuration,
            Self::Arguments { .. } => TroubleKind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let meant = |near: &[String], otherwise: &str| match near {
            [] => otherwise.to_owned(),
            near => {
                let near: Vec<String> = near.iter().map(|near| format!("`{near}`")).collect();
                format!("did you mean {}?", near.join(" or "))
            }
        };
        Some(match self {
            Self::Unknown { near, .. } => meant(near, "`vx run --list` lists the scripts"),
            Self::Circle { .. } => "remove one of them from the `depends` of the script before it".into(),
            Self::Word { near, script, .. } => meant(near, &format!("`vx run -H {script}` lists the words")),
            Self::Arguments { script, .. } => format!("`vx run -H {script}` shows its command"),
        })
    }
}

/// List the scripts to run for this script, in order: each once, each after its dependencies, and this script last.
///
/// # Errors
/// No script has the name, or scripts depend on each other in a circle.
pub fn order<'a>(scripts: &'a [ProjectScript], name: &str) -> Result<Vec<&'a ProjectScript>, ScriptError> {
    let mut found = Vec::new();
    visit(scripts, name, &mut Vec::new(), &mut found)?;
    Ok(found)
}

fn visit<'a>(
    scripts: &'a [ProjectScript],
    name: &str,
    above: &mut Vec<&'a str>,
    found: &mut Vec<&'a ProjectScript>,
) -> Result<(), ScriptError> {
    if found.iter().any(|script| script.name == name) {
        return Ok(());
    }
    let script = scripts.iter().find(|script| script.name == name).ok_or_else(|| ScriptError::Unknown {
        name: name.to_owned(),
        wanted_by: above.last().map(|by| (*by).to_owned()),
        near: nearest(name, scripts.iter().map(|script| script.name.as_str())).into_iter().map(str::to_owned).collect(),
    })?;
    if let Some(at) = above.iter().position(|known| *known == name) {
        let circle = above[at..].iter().copied().chain([name]).map(str::to_owned).collect();
        return Err(ScriptError::Circle { circle });
    }
    above.push(&script.name);
    for wanted in &script.depends {
        visit(scripts, wanted, above, found)?;
    }
    above.pop();
    found.push(script);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(of: &[(&str, &[&str])]) -> Vec<ProjectScript> {
        let script = |(name, depends): &(&str, &[&str])| ProjectScript {
            name: (*name).to_owned(),
            depends: depends.iter().map(|name| (*name).to_owned()).collect(),
            ..ProjectScript::default()
        };
        of.iter().map(script).collect()
    }

    fn names(scripts: &[ProjectScript], name: &str) -> Result<String, ScriptError> {
        order(scripts, name).map(|found| found.iter().map(|script| script.name.as_str()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn each_dependency_runs_once_and_before_what_needs_it() {
        let known = scripts(&[
            ("deploy", &["build", "test"]),
            ("build", &["generate"]),
            ("test", &["lint", "generate"]),
            ("generate", &[]),
            ("lint", &[]),
        ]);
        assert_eq!(names(&known, "deploy").as_deref(), Ok("generate build lint test deploy"));
        assert_eq!(names(&known, "lint").as_deref(), Ok("lint"));
    }

    #[test]
    fn a_circle_is_shown_from_its_first_script_to_itself() {
        let known = scripts(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &["d"])]);
        let shown = |name| names(&known, name).expect_err("a circle").to_string();
        assert_eq!(shown("a"), "scripts depend on each other in a circle: b -> c -> b");
        assert_eq!(shown("d"), "scripts depend on each other in a circle: d -> d");
    }

    #[test]
    fn an_unknown_name_is_shown_with_its_dependent_and_the_nearest() {
        let known = scripts(&[("build", &["generat"]), ("generate", &[])]);
        let error = names(&known, "build").expect_err("unknown");
        assert_eq!(error.to_string(), "there is no script `generat`, on which `build` depends");
        assert_eq!(error.hint().as_deref(), Some("did you mean `generate`?"));
        assert_eq!(names(&known, "buidl").expect_err("unknown").hint().as_deref(), Some("did you mean `build`?"));
    }
}
