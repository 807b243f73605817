//! Random trees, each ended in a random way: by itself, on request, out of time, or by a kill of its runner, its owner
//! or both.
//!
//! `VX_TORTURE=170 cargo test --test it trees:: -- --nocapture` ends 10,000 of them and prints the times.

use std::hash::{BuildHasher, RandomState};
use std::process::Stdio;

use super::roles::in_role;
use super::{scratch, torture};

/// Trees and workers of an ordinary run: a few trees are ended one at a time, more by six workers.
const USUAL: [(usize, usize); 2] = [(12, 1), (48, 6)];

#[test]
fn no_process_of_a_random_tree_outlives_its_end() {
    for (trees, workers) in USUAL {
        let scratch = scratch();
        // Each run has other trees. A failure prints the seed, and `VX_TREES_SEED` repeats it.
        let seed = std::env::var("VX_TREES_SEED").ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0) % 1_000_000_007);
        let numbers = [seed, (trees * torture()) as u64, workers as u64].map(|number| number.to_string());
        let words = [&numbers[..], &[scratch.path().display().to_string()]].concat();
        let mut command = in_role("run", &words);
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("this program");
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{text}");
        if !output.status.success() {
            println!("the scripts are kept in {}", scratch.keep().display());
            panic!("trees outlived their end");
        }
    }
}
