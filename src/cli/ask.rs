//! The question whether a project may act, on the terminal.

use std::io::{BufRead, IsTerminal, Write};

use super::notices;
use super::print;
use crate::work::frontend::{Answer, Frontend, Question, Refused, RunView, Silent};
use crate::work::notice::Notice;

/// A frontend that prints notices and asks; where nobody can answer, it lists what it would have asked about.
pub(super) struct Asker;

impl Frontend for Asker {
    fn notice(&self, notice: Notice) {
        notices::print(notice);
    }

    fn ask(&self, question: &Question) -> Answer {
        if !somebody_answers() {
            listed(question).into_iter().for_each(print::note);
        }
        ask(question)
    }

    fn view(&self) -> Result<Box<dyn RunView>, Refused> {
        Silent.view()
    }
}

/// Ask, if somebody can answer.
pub(super) fn ask(question: &Question) -> Answer {
    if !somebody_answers() {
        return Answer::Nobody;
    }
    // A question is asked with its subject, also where notes are not printed.
    print::problems(format_args!("`{}` wants more than tools of the catalogue:", question.file.display()));
    listed(question).into_iter().for_each(print::problems);
    let mut stderr = std::io::stderr().lock();
    let asked = stderr.write_all(b"May it? [y/N] ").and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    // An end of the input is a no.
    match asked.and_then(|()| std::io::stdin().lock().read_line(&mut answer)) {
        Ok(_) if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") => Answer::Yes,
        _ => Answer::No,
    }
}

/// The parts, one line each; after an earlier agreement those that are gone with a minus, and new ones with a plus.
pub(super) fn listed(question: &Question) -> Vec<String> {
    let Some(gone) = &question.gone else {
        return question.lines.iter().map(|line| format!("  {line}")).collect();
    };
    let gone = gone.iter().map(|line| format!("- {line}"));
    let present = question.lines.iter().map(|line| match question.new.contains(line) {
        true => format!("+ {line}"),
        false => format!("  {line}"),
    });
    gone.chain(present).collect()
}

fn somebody_answers() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}
