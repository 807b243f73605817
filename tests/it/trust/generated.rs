//! Strangers' projects, composed from a seed and entered through every door (a way of using vx in them): no program of
//! theirs runs, no index of theirs is asked, no variable of theirs is set, and nothing is left behind.
//!
//! `VX_TORTURE=13 cargo test --test it trust::generated -- --nocapture` composes 520 projects and takes every door of
//! each. Otherwise there are 40 projects, and each is entered through some of the doors, dealt so that every door and
//! every piece has its turn. A failure names its project's seed; `VX_SEED` with that number composes only that project,
//! and takes every door.

mod doors;
mod draft;
mod pieces;
mod places;
mod project;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use doors::{DOORS, Door};
use pieces::{Acts, Piece};
use places::{Habit, Layout};
use project::Project;

use crate::running::trees::Random;

/// The number of projects without `VX_TORTURE`.
const PROJECTS: usize = 40;
/// The number of doors dealt to each project, beside the doors through which its pieces would act.
const DOORS_EACH: usize = 5;
/// The number of seeds with which a piece is tried; each spells it in another way.
const SPELLINGS: u64 = 10;
/// The seed of the first project.
const SEED: u64 = 33_000;

/// Cards that are dealt at random, each once before any comes again.
struct Deck {
    size: usize,
    left: Vec<usize>,
}

impl Deck {
    fn new(size: usize) -> Self {
        Self { size, left: Vec::new() }
    }

    fn deal(&mut self, random: &mut Random) -> usize {
        if self.left.is_empty() {
            self.left = (0..self.size).collect();
        }
        let at = random.below(self.left.len() as u64);
        self.left.swap_remove(usize::try_from(at).expect("an index"))
    }

    /// Deal some cards, none of them twice.
    fn hand(&mut self, count: usize, random: &mut Random) -> Vec<usize> {
        let mut hand = Vec::new();
        while hand.len() < count.min(self.size) {
            let card = self.deal(random);
            if !hand.contains(&card) {
                hand.push(card);
            }
        }
        hand
    }
}

/// A project, as composed from its seed, and the doors to take.
struct Plan {
    seed: u64,
    layout: Layout,
    habit: Habit,
    pieces: Vec<&'static Piece>,
    doors: Vec<Door>,
}

impl Plan {
    fn described(&self) -> String {
        let pieces: Vec<&str> = self.pieces.iter().map(|piece| piece.name).collect();
        format!("VX_SEED={}: {:?}, {:?}, {}", self.seed, self.layout, self.habit, pieces.join(", "))
    }
}

/// Prints the project's name if its test panics.
struct Named<'a>(&'a Plan);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("in {}", self.0.described());
        }
    }
}

/// The plans of all projects. The same numbers give the same plans, and the number of doors doesn't change the
/// projects.
fn plans(projects: usize, doors_each: usize) -> Vec<Plan> {
    let (mut random, mut by_door) = (Random::from(SEED), Random::from(SEED + 1));
    let all = pieces::all();
    let mut decks = [all.len(), DOORS.len(), Layout::ALL.len(), Habit::ALL.len()].map(Deck::new);
    let [of_pieces, of_doors, of_layouts, of_habits] = &mut decks;
    let plan = |number: usize| {
        let count = usize::try_from(3 + random.below(6)).expect("a small number");
        let pieces: Vec<&Piece> = of_pieces.hand(count, &mut random).into_iter().map(|piece| all[piece]).collect();
        let mut dealt = of_doors.hand(doors_each, &mut by_door);
        if doors_each == DOORS.len() {
            dealt.sort_unstable();
        }
        let mut doors: Vec<Door> = dealt.into_iter().map(|door| DOORS[door]).collect();
        for words in pieces.iter().flat_map(|piece| piece.doors()) {
            let door = Door::of_words(words);
            if !doors.contains(&door) {
                doors.push(door);
            }
        }
        let (layout, habit) = (of_layouts.deal(&mut random), of_habits.deal(&mut random));
        Plan { seed: SEED + number as u64, layout: Layout::ALL[layout], habit: Habit::ALL[habit], pieces, doors }
    };
    (0..projects).map(plan).collect()
}

/// The counts.
#[derive(Default)]
struct Counts {
    doors: BTreeMap<String, usize>,
    absent: BTreeMap<String, usize>,
    pieces: BTreeMap<&'static str, usize>,
    read: usize,
    faults: Vec<String>,
}

/// Write a project and go through its doors.
fn enter(plan: &Plan, counts: &Mutex<Counts>) {
    let _named = Named(plan);
    let project = Project::lay(plan.seed, plan.layout, plan.habit, &plan.pieces, None);
    let read = project.is_read();
    let mut faults = Vec::new();
    for door in &plan.doors {
        let Some(said) = door.open(&project) else {
            *counts.lock().expect("no panic").absent.entry(door.name()).or_default() += 1;
            continue;
        };
        *counts.lock().expect("no panic").doors.entry(door.name()).or_default() += 1;
        let mut deeds = project.deeds(&said);
        if !said.may_ask && said.all.contains("[y/N]") {
            deeds.push("it asks".to_owned());
        }
        if said.all.contains(['\u{1b}', '\u{202e}']) {
            deeds.push("it prints codes".to_owned());
        }
        if !said.code.is_some_and(|code| (0..=3).contains(&code)) {
            deeds.push(format!("it ends with {:?}: {}", said.code, said.all));
        }
        faults.extend(deeds.into_iter().map(|deed| format!("{}\n  {}: {deed}", plan.described(), door.name())));
        if faults.len() > 5 {
            break;
        }
    }
    faults.extend(project.left().into_iter().map(|left| format!("{}\n  {left} is left", plan.described())));
    let mut counts = counts.lock().expect("no panic");
    counts.read += usize::from(read);
    plan.pieces.iter().for_each(|piece| *counts.pieces.entry(piece.name).or_default() += 1);
    counts.faults.extend(faults);
}

/// Call `act` for each item, on twice as many threads as there are processors: much of the time is spent waiting for a
/// proxy that does not answer.
fn for_each<T: Sync>(items: &[T], act: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(2, usize::from).saturating_mul(2).min(items.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    act(item)
                }
            });
        }
    });
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

#[test]
fn nothing_of_a_generated_project_acts_by_any_door() {
    let times = number("VX_TORTURE").and_then(|times| usize::try_from(times).ok()).unwrap_or(1);
    let doors_each = if times > 1 { DOORS.len() } else { DOORS_EACH };
    let again = number("VX_SEED").map(|seed| seed.checked_sub(SEED).expect("the seed of a project"));
    let plans = match again {
        Some(last) => {
            let last = usize::try_from(last).expect("a small number");
            plans(last + 1, DOORS.len()).split_off(last)
        }
        None => plans(PROJECTS * times, doors_each),
    };
    let (begun, counts) = (Instant::now(), Mutex::new(Counts::default()));
    for_each(&plans, |plan| enter(plan, &counts));
    let counts = counts.into_inner().expect("no panic");
    println!(
        "{} projects of {} kinds of pieces, {} of them read; {} doors of {} kinds; {:.1} s",
        plans.len(),
        counts.pieces.len(),
        counts.read,
        counts.doors.values().sum::<usize>(),
        counts.doors.len(),
        begun.elapsed().as_secs_f64()
    );
    println!("pieces: {:?}\ndoors: {:?}\nnot on this machine: {:?}", counts.pieces, counts.doors, counts.absent);
    assert!(counts.faults.is_empty(), "{} faults:\n{}", counts.faults.len(), counts.faults.join("\n"));
    if plans.len() >= PROJECTS {
        assert_eq!(counts.pieces.len(), pieces::all().len(), "each piece has its turn");
        let taken = |door: &Door| [&counts.doors, &counts.absent].iter().any(|known| known.contains_key(&door.name()));
        assert!(DOORS.iter().all(taken), "each door has its turn");
        // A project whose file is refused proves little.
        assert!(counts.read * 10 >= plans.len() * 7, "{} of {} are read", counts.read, plans.len());
    }
}

/// Each piece that may act with consent does act once its user agrees, so that its failing to act elsewhere proves
/// something.
#[test]
fn each_piece_that_can_act_does_where_its_user_lets_it() {
    let all = pieces::all();
    let able: Vec<&Piece> = all.into_iter().filter(|piece| matches!(piece.acts, Acts::WithConsent(_))).collect();
    let silent = Mutex::new(Vec::new());
    for_each(&able, |piece| {
        let acts = |seed: u64| {
            let habit = [Habit::OwnFiles, Habit::OwnPip][usize::from(seed % 2 == 1)];
            let project = Project::lay(seed, Layout::Unpacked, habit, &[*piece], Some("all"));
            let did = piece.doors().iter().any(|words| {
                let said = Door::of_words(words).open(&project).expect("vx is there");
                !project.deeds(&said).is_empty()
            });
            super::vx_in(&project.sandbox, &project.entered, "down");
            did
        };
        if !(0..SPELLINGS).any(acts) {
            silent.lock().expect("no panic").push(piece.name);
        }
    });
    let silent = silent.into_inner().expect("no panic");
    assert!(silent.is_empty(), "these never act, so the test is blind to them: {silent:?}");
}

#[test]
fn a_seed_composes_the_same_projects_again() {
    let described = || plans(100, DOORS_EACH).iter().map(Plan::described).collect::<Vec<_>>();
    assert_eq!(described(), described());
    let with_all_doors = plans(100, DOORS.len()).iter().map(Plan::described).collect::<Vec<_>>();
    assert_eq!(described(), with_all_doors);
}
