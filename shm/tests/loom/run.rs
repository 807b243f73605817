//! Running models, and the table of their results.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use vx_shm::atomics::{Mutant, set_mutant};

/// One protocol with a few threads and a few operations.
pub(crate) struct Model {
    /// The behaviour it protects.
    pub(crate) name: &'static str,
    /// The mutants under which the model must fail.
    pub(crate) mutants: &'static [Mutant],
    /// How often threads may be preempted in one execution. Every known mistake of this kind shows with two.
    pub(crate) preemptions: usize,
    /// Its threads.
    pub(crate) run: fn(),
    /// The number of variants in which it runs, one after another. It must hold in all, and each mutant must fail in
    /// one. See [`variant`].
    pub(crate) variants: usize,
}

std::thread_local! {
    static FAILS_ON_PURPOSE: Cell<bool> = const { Cell::new(false) };
    static VARIANT: Cell<usize> = const { Cell::new(0) };
}

/// The variant of the running model, from 0.
pub(crate) fn variant() -> usize {
    VARIANT.get() // loom runs all threads of a model on the one that started it.
}

/// Run every model that the arguments ask for, as many at a time as there are processors.
pub(crate) fn all(groups: &[&'static [Model]]) -> ExitCode {
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let every: Vec<&Model> = groups.iter().copied().flatten().collect();
    let asked: Vec<&Model> = every.iter().copied().filter(|model| model.name.contains(&named)).collect();
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !FAILS_ON_PURPOSE.get() {
            say(panic);
        }
    }));
    let began = Instant::now();
    let (next, executions, failures) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some(model) = asked.get(next.fetch_add(1, Ordering::Relaxed)) {
                    failures.lock().unwrap().extend(model.show(&executions));
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap();
    failures.extend(
        Mutant::ALL
            .iter()
            .filter(|mutant| !every.iter().any(|model| model.mutants.contains(mutant)))
            .map(|mutant| format!("no model has the mutant {mutant:?}")),
    );
    let refuted: usize = asked.iter().map(|model| model.mutants.len()).sum();
    println!(
        "{} models, {} executions; {} mutants, refuted {refuted} times; {} failures; {:.1} s",
        asked.len(),
        executions.load(Ordering::Relaxed),
        Mutant::ALL.len(),
        failures.len(),
        began.elapsed().as_secs_f64()
    );
    failures.iter().for_each(|failure| println!("FAILED: {failure}"));
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Model {
    /// Check that the model holds, and fails under each of its mutants. Returns a line for each unexpected result.
    fn show(&self, every: &AtomicUsize) -> Vec<String> {
        let began = Instant::now();
        let Ok(executions) = self.explore() else { return vec![format!("{}: does not hold", self.name)] };
        every.fetch_add(executions, Ordering::Relaxed);
        let (refuted, passed): (Vec<Mutant>, Vec<Mutant>) =
            self.mutants.iter().partition(|mutant| self.refutes(**mutant));
        println!("{}: holds in {executions} executions; {} ms", self.name, began.elapsed().as_millis());
        println!("    refuted: {refuted:?}");
        passed.iter().map(|mutant| format!("{}: does not notice {mutant:?}", self.name)).collect()
    }

    fn refutes(&self, mutant: Mutant) -> bool {
        set_mutant(mutant);
        FAILS_ON_PURPOSE.set(true);
        let passed = self.explore();
        FAILS_ON_PURPOSE.set(false);
        set_mutant(Mutant::None);
        passed.is_err()
    }

    /// Run every interleaving of the model's threads, with every value that each load may return. Returns their number.
    fn explore(&self) -> Result<usize, ()> {
        (0..self.variants).map(|variant| self.explore_variant(variant)).sum()
    }

    fn explore_variant(&self, variant: usize) -> Result<usize, ()> {
        VARIANT.set(variant);
        let executions = std::sync::Arc::new(AtomicUsize::new(0));
        let (counted, run) = (executions.clone(), self.run);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound.get_or_insert(self.preemptions); // `LOOM_MAX_PREEMPTIONS` overrides it.
        builder.max_branches = 10_000;
        let held = catch_unwind(AssertUnwindSafe(|| {
            builder.check(move || {
                counted.fetch_add(1, Ordering::Relaxed);
                run();
            });
        }));
        held.map(|()| executions.load(Ordering::Relaxed)).map_err(|_| ())
    }
}
