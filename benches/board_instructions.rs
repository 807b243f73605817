//! Counts the instructions of publishing, reading and polling: a figure free of the machine's noise.
//!
//! Budget: publish at most 14, read of one hot line at most 16, poll of 64 slots at most 720 when quiet and 3,350 when
//! all have changed, a message at most 91, a log line of 80 bytes at most 280.
//!
//! `cargo bench --bench board_instructions` runs this program again under callgrind, once per function. Without
//! valgrind it reports that and measures nothing.

mod instructions;
mod record;

fn main() {
    if instructions::ran_as_measured() {
        return;
    }
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return; // Under `cargo test` there is nothing to measure.
    }
    let Some(counts) = instructions::counts() else {
        println!("there is no valgrind on this machine: nothing was measured");
        return;
    };
    let mut kept = true;
    for (what, each, budget) in counts {
        let verdict = match budget {
            Some(most) if each > most => "BROKEN",
            Some(_) => "kept",
            None => "",
        };
        kept &= verdict != "BROKEN";
        let most = budget.map_or_else(String::new, |most| format!("at most {most}: {verdict}"));
        println!("{what:45} {each:8.1} instructions  {most}");
    }
    assert!(kept, "a budget of instructions is broken");
}
