//! The facts of a turn besides its step and its agent (the slot's version): its session, and its use of a model. They
//! are text in the slot's details, a name and a value in each line, so that any reader of the board has them.

use std::fmt::Write;

/// Millionths of a dollar in a dollar.
const MICROS: f64 = 1_000_000.0;

/// The facts of one turn, as far as its agent gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct TurnFacts {
    /// Messages so far.
    pub messages: u64,
    /// Calls of tools so far.
    pub tools: u64,
    /// Tokens read and written so far.
    pub tokens: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micros: Option<u64>,
    /// The session's id; empty until it is known.
    pub session: String,
}

impl TurnFacts {
    /// Read the facts from the details of a slot. Lines with other names are ignored.
    pub fn parse(details: &str) -> Self {
        let mut facts = Self::default();
        let number = |value: &str| value.parse().unwrap_or_default();
        for (name, value) in details.lines().filter_map(|line| line.split_once(' ')) {
            match name {
                "messages" => facts.messages = number(value),
                "tools" => facts.tools = number(value),
                "tokens" => facts.tokens = number(value),
                "cost" => facts.cost_micros = value.strip_prefix('$').and_then(micros),
                "session" => facts.session = value.trim().to_owned(),
                _ => {}
            }
        }
        facts
    }

    /// Write these facts as the details of a slot. The session is last: the cell may be too short for a long one.
    pub fn to_details(&self) -> String {
        let mut text = String::new();
        let mut say = |name: &str, value: String| {
            if !value.is_empty() {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{name} {value}");
            }
        };
        let count = |count: u64| if count > 0 { count.to_string() } else { String::new() };
        say("messages", count(self.messages));
        say("tools", count(self.tools));
        say("tokens", count(self.tokens));
        say("cost", self.cost_micros.map(|micros| format!("${:.4}", micros as f64 / MICROS)).unwrap_or_default());
        say("session", self.session.clone());
        text.truncate(text.trim_end().len());
        text
    }
}

/// An amount of dollars in millionths; `None` if the text isn't an amount.
fn micros(dollars: &str) -> Option<u64> {
    let dollars: f64 = dollars.parse().ok()?;
    (dollars.is_finite() && dollars >= 0.0).then_some((dollars * MICROS).round() as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn facts_are_a_line_each_and_unknown_ones_are_left_out() {
        let facts =
            TurnFacts { messages: 12, tools: 3, tokens: 48_120, cost_micros: Some(123_400), session: "s-1".into() };
        let text = "messages 12\ntools 3\ntokens 48120\ncost $0.1234\nsession s-1";
        assert_eq!((facts.to_details().as_str(), TurnFacts::parse(text)), (text, facts));
        assert_eq!(TurnFacts::default().to_details(), "");
        let odd = TurnFacts::parse("tokens many\ncost 3\nmood good\nsession");
        assert_eq!(odd, TurnFacts::default());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,200}") {
            let written = TurnFacts::parse(&TurnFacts::parse(&text).to_details());
            prop_assert_eq!(TurnFacts::parse(&written.to_details()), written);
        }
    }
}
