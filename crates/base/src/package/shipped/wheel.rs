//! Metadata in a wheel: the packages that it needs, and the programs that only a Python interpreter can start.

/// The parts of a wheel's metadata that decide whether it is a tool by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WheelMetadata {
    /// Packages that it needs.
    pub needs: Vec<String>,
    /// Names of the programs that are functions in its modules.
    pub functions: Vec<String>,
}

impl WheelMetadata {
    /// Read `METADATA` and `entry_points.txt`; pass an empty text if the wheel lacks the second.
    pub fn parse(metadata: &str, entry_points: &str) -> Self {
        let headers = metadata.lines().take_while(|line| !line.is_empty());
        let mut needs: Vec<String> = headers.filter_map(required).collect();
        needs.dedup();
        Self { needs, functions: functions(entry_points) }
    }
}

/// The package that a header requires; `None` for other headers, and for a package that only an extra requires.
fn required(header: &str) -> Option<String> {
    let (name, value) = header.split_once(':')?;
    if !name.eq_ignore_ascii_case("Requires-Dist") {
        return None;
    }
    let (package, condition) = value.split_once(';').unwrap_or((value, ""));
    let of_extra = condition.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| word == "extra");
    let package = package.trim();
    let end = package.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)));
    let package = &package[..end.unwrap_or(package.len())];
    (!of_extra && !package.is_empty()).then(|| package.to_owned())
}

/// The names in the sections that declare programs.
fn functions(entry_points: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in entry_points.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            inside = ["console_scripts]", "gui_scripts]"].contains(&section.trim());
        } else if let Some((name, _)) = line.split_once('=').filter(|_| inside && !line.starts_with('#')) {
            names.push(name.trim().to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_wheel_needs_is_read_from_its_headers() {
        let metadata = "Metadata-Version: 2.1\nName: x\nRequires-Dist: click (>=8)\nrequires-dist: tomli>=1 ; python_version < \"3.11\"\n\
            Requires-Dist: pytest ; extra == \"test\"\nRequires-Dist: foo[bar]==1\n\nRequires-Dist: not-a-header\n";
        let read = WheelMetadata::parse(metadata, "");
        assert_eq!(read.needs, ["click", "tomli", "foo"]);
        assert_eq!(read.functions, [""; 0]);
    }

    #[test]
    fn functions_are_the_programs_that_entry_points_name() {
        let text =
            "[other]\nx = a:b\n\n[console_scripts]\nhttp = httpie.main:main\n# y = z\n[gui_scripts]\nwindow=a:b\n";
        assert_eq!(WheelMetadata::parse("", text).functions, ["http", "window"]);
    }
}
