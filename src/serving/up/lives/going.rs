//! Asks the supervisor whether another life of a service follows, and which lives were asked to end.
//!
//! The board cannot tell: a life that has ended looks the same whether or not a restart follows, and a life that was
//! asked to end looks as it did before. Only the supervisor knows.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::boards::control::connect_to;
use crate::boards::find;
use crate::boards::waiting::Lives;
use crate::serving::up::state::is_supervised;

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The lives of the services on a board.
#[derive(Clone, Copy, Debug)]
pub struct LivesOn<'a>(pub &'a Path);

/// A life in the answer of a supervisor.
#[derive(Deserialize)]
struct Life {
    name: String,
    generation: u32,
}

impl LivesOn<'_> {
    /// The supervisor's answer to this question about services; `None` if there is no live supervisor.
    fn answer(self, method: &str, names: &[&str]) -> Option<Value> {
        let snapshot = find::open_file(self.0).ok()?.snapshot().ok().filter(is_supervised)?;
        let mut client = connect_to(self.0, snapshot.board.creator.pid).ok()?;
        client.call(method, &json!({ "names": names }), PATIENCE).ok()
    }
}

impl Lives for LivesOn<'_> {
    fn goes_on(&self, key: &str) -> bool {
        let going = self.answer("up/going", &[key]);
        going.is_some_and(|names| names.as_array().is_some_and(|names| !names.is_empty()))
    }

    fn ending(&self, lives: &[(&str, u32)]) -> Vec<String> {
        let names: Vec<&str> = lives.iter().map(|(key, _)| *key).collect();
        let staying = self.answer("up/staying", &names);
        let Some(staying) = staying.and_then(|lives| serde_json::from_value::<Vec<Life>>(lives).ok()) else {
            return Vec::new();
        };
        let stays =
            |key: &str, generation: u32| staying.iter().any(|life| life.name == key && life.generation == generation);
        lives.iter().filter(|(key, generation)| !stays(key, *generation)).map(|(key, _)| (*key).to_owned()).collect()
    }
}
