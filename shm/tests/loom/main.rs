//! The protocols in every interleaving: this crate's own functions under loom, as they are and with one ordering or one
//! step taken away at a time.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p vx-shm --release --test loom [PART OF A MODEL'S NAME]`
//!
//! Each model holds as the code is, and fails under each of its mutants: a model that a mutant passes shows nothing.
//! And each mutant there is fails some model: an ordering that none needs is not in the code. A model's own thread only
//! sets up and joins, as loom does not look for interleavings with its earlier steps. The limits of loom are in
//! `vx_shm::docs::protocol`.

#[cfg(not(loom))]
fn main() {
    println!("the models are compiled with RUSTFLAGS=\"--cfg loom\" only");
}

#[cfg(loom)]
mod bell;
#[cfg(loom)]
mod header;
#[cfg(loom)]
mod lanes;
#[cfg(loom)]
mod latch;
#[cfg(loom)]
mod life;
#[cfg(loom)]
mod log;
#[cfg(loom)]
mod record;
#[cfg(loom)]
mod run;

#[cfg(loom)]
fn main() -> std::process::ExitCode {
    run::all(&[latch::MODELS, life::MODELS, lanes::MODELS, record::MODELS, log::MODELS, bell::MODELS, header::MODELS])
}
