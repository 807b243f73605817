//! The next life of a service: if one follows the end of the last, or is about to.
//!
//! On the board a life that has ended looks the same before a restart as at the end, and one that was asked to end as before:
//! only the supervisor knows which it is.

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

/// The lives of the services of a board.
#[derive(Clone, Copy, Debug)]
pub struct LivesOn<'a>(pub &'a Path);

/// A life in the answer of a supervisor.
#[derive(Deserialize)]
struct Life {
    name: String,
    generation: u32,
}

impl LivesOn<'_> {
    /// The answer of the supervisor to this question about services; `None` where no supervisor is there.
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
