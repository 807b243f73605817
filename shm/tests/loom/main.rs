//! The protocols in every interleaving: this crate's own functions under loom, as they are and with one ordering or one
//! step taken away at a time.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p vx-shm --release --test loom [PART OF A MODEL'S NAME]`
//!
//! Each model holds for the code as it is, and fails under each of its mutants: otherwise the model would prove
//! nothing. And each mutant makes some model fail: the code has no ordering that no model needs. A model's own thread
//! only sets up and joins, because loom does not explore interleavings with its earlier steps. The limits of loom are
//! in `vx_shm::docs::protocol`.

#[cfg(not(loom))]
fn main() {
    println!("the models are only compiled with RUSTFLAGS=\"--cfg loom\"");
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
