//! The question whether a project may act, on the terminal.

use std::io::{BufRead, IsTerminal, Write};

use crate::doors::cli::output::notices;
use crate::doors::cli::output::print;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::{Frontend, NullFrontend, Question, Refused, RunView, UserAnswer};

/// The most lines about unchanged variables in a question.
const MOST_VARIABLES: usize = 8;
/// The sign before an unchanged line.
const UNMARKED: char = ' ';

/// A frontend that prints notices and asks; if nobody can answer, it lists what it would have asked about.
pub(in crate::doors::cli) struct Asker;

impl Frontend for Asker {
    fn notice(&self, notice: Notice) {
        notices::print(notice);
    }

    fn ask(&self, question: &Question) -> UserAnswer {
        if !somebody_answers() {
            listed(question).into_iter().for_each(print::message);
        }
        ask(question)
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        NullFrontend.view()
    }
}

/// A frontend for a command that is itself the user's consent; it lists what that covers.
pub(in crate::doors::cli) struct ConsentingFrontend;

impl Frontend for ConsentingFrontend {
    fn notice(&self, notice: Notice) {
        notices::print(notice);
    }

    fn ask(&self, question: &Question) -> UserAnswer {
        listed(question).into_iter().for_each(print::message);
        UserAnswer::Yes
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        NullFrontend.view()
    }
}

/// Ask, if somebody can answer.
pub(in crate::doors::cli) fn ask(question: &Question) -> UserAnswer {
    if !somebody_answers() {
        return UserAnswer::Nobody;
    }
    // A question needs its subject, so that is printed even if notes are not.
    print::problems(format_args!("`{}` wants more than tools of the catalogue:", question.file.display()));
    summed_up(question).into_iter().for_each(print::problems);
    let mut stderr = std::io::stderr().lock();
    let asked = stderr.write_all(b"May it do this? [y/N] ").and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    // The end of the input counts as a no.
    match asked.and_then(|()| std::io::stdin().lock().read_line(&mut answer)) {
        Ok(_) if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") => UserAnswer::Yes,
        _ => UserAnswer::No,
    }
}

/// The parts, one line each; after an earlier agreement removed parts have a minus, and new parts a plus.
pub(in crate::doors::cli) fn listed(question: &Question) -> Vec<String> {
    let moved = question.moved.then(|| "  another remote `origin` than when you agreed to this".to_owned());
    let gone = question.gone.iter().flatten().map(|line| format!("- {line}"));
    moved.into_iter().chain(gone).chain(question.lines.iter().map(|line| marked(question, line))).collect()
}

/// The parts as [`listed`], but only the first of many unchanged variables, so that new lines and the commands below
/// them stay on the screen.
fn summed_up(question: &Question) -> Vec<String> {
    let mut lines = listed(question);
    let mut variables = lines.split_off(lines.len() - question.lines.len());
    let others = variables.split_off(question.variables);
    let known = variables.iter().filter(|line| line.starts_with(UNMARKED)).count();
    let more = known.saturating_sub(MOST_VARIABLES);
    if more > 1 {
        let mut left = MOST_VARIABLES;
        variables.retain(|line| {
            let is_shown = !line.starts_with(UNMARKED) || left > 0;
            left -= usize::from(line.starts_with(UNMARKED) && is_shown);
            is_shown
        });
        variables.push(format!("{UNMARKED} and {more} more variables, which `vx trust --show` lists"));
    }
    lines.extend(variables.into_iter().chain(others));
    lines
}

fn marked(question: &Question, line: &String) -> String {
    let is_new = question.gone.is_some() && question.new.contains(line);
    format!("{} {line}", if is_new { '+' } else { UNMARKED })
}

fn somebody_answers() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_project::trust::ActingPart;
    use vx_project::trust::consent_record::AgreementRecord;

    fn variable(name: String) -> ActingPart {
        ActingPart::Variable { name, value: "x".into() }
    }

    fn question(variables: usize, before: Option<&AgreementRecord>) -> Question {
        let command = ActingPart::PostInstall { tool: "ruff".into(), command: "true".into(), files: Vec::new() };
        let parts: Vec<ActingPart> =
            std::iter::once(command).chain((0..variables).map(|number| variable(format!("V{number}")))).collect();
        Question { variables, ..Question::new("vx.toml".into(), AgreementRecord::to(&parts), before) }
    }

    #[test]
    fn many_variables_are_summed_up_and_the_command_stands_last() {
        let lines = summed_up(&question(3000, None));
        assert_eq!(lines.len(), MOST_VARIABLES + 2);
        assert_eq!(lines[MOST_VARIABLES], "  and 2992 more variables, which `vx trust --show` lists");
        assert_eq!(
            lines.last().map(String::as_str),
            Some("  installing ruff runs: true  (the files that it uses are not compared)")
        );
        assert_eq!(listed(&question(3000, None)).len(), 3001);
        assert_eq!(summed_up(&question(9, None)).len(), 10, "one more is no reason to hide it");
    }

    #[test]
    fn what_is_new_is_shown_however_many_lines_there_are_and_a_new_origin_is_named() {
        let agreed = |count: usize| {
            let known = (0..count).map(|number| variable(format!("V{number}")));
            AgreementRecord::to(&known.chain([variable("OLD".to_owned())]).collect::<Vec<_>>())
        };
        let lines = summed_up(&Question { moved: true, ..question(22, Some(&agreed(20))) });
        assert!(lines[0].contains("origin") && lines[1] == "- sets the variable OLD=x", "{lines:?}");
        assert_eq!(lines[2], "  sets the variable V0=x");
        let behind: Vec<&str> = lines[2 + MOST_VARIABLES..].iter().map(String::as_str).collect();
        assert_eq!(behind[..2], ["+ sets the variable V20=x", "+ sets the variable V21=x"]);
        assert_eq!(behind[2], "  and 12 more variables, which `vx trust --show` lists");
        assert_eq!(behind.len(), 4);
        let all_new = summed_up(&question(20, Some(&agreed(0))));
        assert_eq!(all_new.iter().filter(|line| line.starts_with("+ sets")).count(), 20, "{all_new:?}");
        assert_eq!(
            lines.last().map(String::as_str),
            Some("+ installing ruff runs: true  (the files that it uses are not compared)")
        );
    }
}
