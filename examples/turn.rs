//! Asks an agent one question and prints its answer: `cargo run --example turn -- "what is in this directory?"`.

use std::error::Error;

use vx_agents::{AgentVerdict, Block, TurnEvent, TurnOutcome, TurnRequest, find_agent, spawn_turn};

fn main() -> Result<(), Box<dyn Error>> {
    let prompt = std::env::args().nth(1).ok_or("what is the question?")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut request = TurnRequest::new(find_agent("claude", &path)?, std::env::current_dir()?, prompt);
    request.permission_mode = "plan".into();
    let handle = spawn_turn(request)?;
    let mut verdict = AgentVerdict::default();
    for event in &handle.receiver {
        if let TurnEvent::Message(message) = &event {
            for block in message.blocks.iter().filter(|_| !message.delta) {
                match block {
                    Block::Text { text } => println!("{text}"),
                    Block::ToolUse { name, .. } => eprintln!("[{name}]"),
                    _ => {}
                }
            }
        }
        if let Some(TurnOutcome::Failed(reason)) = verdict.apply_event(&event) {
            return Err(reason.into());
        }
    }
    Ok(())
}
