//! 32 processes that race for 8 slots, again and again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use vx_shm::{Board, ClaimError, Ending, Kind, Reader, ReserveError, Slot, SlotState};

use super::grouped;
use crate::support::Form;
use crate::support::children::{Role, Writer, rounds};
use crate::support::system::SharedWords;

const RACERS: u64 = 32;
const SLOTS: u32 = 8;
/// The number of times that all slots are won and released in a round, so that each racer gets one.
const WAVES: u64 = RACERS / SLOTS as u64;
/// The wave whose winners end their slots in the last round, instead of dropping them; the next winners take those at
/// once.
const ORDERLY_WAVE: u64 = 0;
/// The longest time that a wave may take.
const LONGEST_WAVE: Duration = Duration::from_secs(20);

/// The words that the racers and their parent share: the wave that may begin, the wave whose winners give up their
/// slots, and a flag for ending those slots; then, for each racer, the wave it has won with its slot, and the number of
/// times it found the board full.
struct RaceWords(SharedWords);

impl RaceWords {
    const WORDS: usize = 3 + 2 * RACERS as usize;

    fn begins(&self) -> &AtomicU64 {
        self.0.word(0)
    }

    fn lets_go(&self) -> &AtomicU64 {
        self.0.word(1)
    }

    fn orderly(&self) -> &AtomicU64 {
        self.0.word(2)
    }

    /// The round, from 1, in which a racer has won a slot, and that slot.
    fn won(&self, racer: u64) -> &AtomicU64 {
        self.0.word(3 + 2 * racer as usize)
    }

    fn refused(&self, racer: u64) -> &AtomicU64 {
        self.0.word(4 + 2 * racer as usize)
    }
}

/// Play a racer. Returns true if this was such a role.
pub(super) fn play(role: &Role) -> bool {
    if role.name != "races" {
        return false;
    }
    let words = RaceWords(SharedWords::open(&role.board.with_extension("words")));
    for round in 1.. {
        while words.begins().load(Ordering::SeqCst) < round {
            std::thread::sleep(Duration::from_micros(100));
        }
        let (slot, refused) = win(role, &words);
        words.won(role.seed).store(round << 32 | u64::from(slot.index()), Ordering::SeqCst);
        // The parent's number lets go of every racer that has won in that wave or before.
        while words.lets_go().load(Ordering::SeqCst) < refused {
            std::thread::sleep(Duration::from_micros(100));
        }
        match words.orderly().load(Ordering::SeqCst) {
            0 => drop(slot),
            _ => slot.end(Ending::new(SlotState::Done)).unwrap(),
        }
    }
    true
}

/// Try until there is a slot. Returns it and the wave that was won.
fn win(role: &Role, words: &RaceWords) -> (Slot, u64) {
    let key = format!("racer-{}", role.seed);
    loop {
        match Slot::join(&role.board, &key, "", Kind::Task) {
            Ok(mut slot) => {
                slot.publish(std::process::id().into());
                return (slot, words.lets_go().load(Ordering::SeqCst) + 1);
            }
            Err(ClaimError::Place(error @ ReserveError::Full { capacity: SLOTS })) => {
                assert_eq!(error.to_string(), "the board is full: all 8 slots are in use");
                words.refused(role.seed).fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(300));
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// The parent's side.
struct Race {
    _board: Board,
    _form: Form,
    words: RaceWords,
    racers: Vec<Writer>,
    reader: Reader,
    refused: u64,
}

pub(super) fn rounds_of_32() -> String {
    let form = Form::in_memory();
    let board = form.board("races", SLOTS);
    let words = RaceWords(SharedWords::create(&board.path().with_extension("words"), RaceWords::WORDS));
    let racers = (0..RACERS).map(|seed| Writer::start("races", board.path(), seed)).collect();
    let reader = board.reader().unwrap();
    let mut race = Race { _board: board, _form: form, words, racers, reader, refused: 0 };
    let rounds = rounds(100);
    for round in 1..=rounds {
        race.round(round, round == rounds);
    }
    let (refused, won) = (grouped(race.refused), grouped(rounds * RACERS));
    let rounds = grouped(rounds);
    format!(
        "{rounds} rounds of {RACERS} processes on {SLOTS} slots: {won} claims won, each slot by one; {refused} refused with the reason; every process got one"
    )
}

impl Race {
    fn round(&mut self, round: u64, last: bool) {
        // No racer is trying at this point: all have had their slot.
        self.refused += (0..RACERS).map(|racer| self.words.refused(racer).swap(0, Ordering::SeqCst)).sum::<u64>();
        self.words.begins().store(round, Ordering::SeqCst);
        let mut had: Vec<u64> = Vec::new();
        for wave in 0..WAVES {
            let winners = self.await_winners(round, &had);
            self.check_winners(&winners);
            if wave == 0 {
                self.await_losers(&winners);
            }
            had.extend(winners.iter().map(|(racer, _)| racer));
            self.words.orderly().store(u64::from(last && wave == ORDERLY_WAVE), Ordering::SeqCst);
            self.words.lets_go().fetch_add(1, Ordering::SeqCst);
        }
        had.sort_unstable();
        assert!(had.into_iter().eq(0..RACERS), "every racer has had a slot");
    }

    /// Wait until all slots are won. Returns the racers that have won one in this round and had none before.
    fn await_winners(&mut self, round: u64, had: &[u64]) -> Vec<(u64, u32)> {
        let until = Instant::now() + LONGEST_WAVE;
        loop {
            let winners: Vec<(u64, u32)> = (0..RACERS)
                .filter(|racer| !had.contains(racer))
                .map(|racer| (racer, self.words.won(racer).load(Ordering::SeqCst)))
                .filter(|(_, won)| won >> 32 == round)
                .map(|(racer, won)| (racer, won as u32))
                .collect();
            assert!(winners.len() <= SLOTS as usize, "more winners than slots: {winners:?}");
            if winners.len() == SLOTS as usize {
                return winners;
            }
            assert!(Instant::now() < until, "only {winners:?} have won in round {round}");
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Check that each slot has exactly one winner, and shows that winner.
    fn check_winners(&mut self, winners: &[(u64, u32)]) {
        let mut slots: Vec<u32> = winners.iter().map(|(_, slot)| *slot).collect();
        slots.sort_unstable();
        assert!(slots.into_iter().eq(0..SLOTS), "{winners:?}");
        let snapshot = self.reader.snapshot().unwrap();
        for (racer, slot) in winners {
            let (view, pid) = (&snapshot.slots[*slot as usize], self.racers[*racer as usize].pid());
            assert_eq!((view.state, view.pid, view.done), (SlotState::Live, Some(pid), pid.into()), "{view:?}");
            assert_eq!(view.key, format!("racer-{racer}"));
        }
    }

    /// Wait until all other racers have got the error that the board is full.
    fn await_losers(&self, winners: &[(u64, u32)]) {
        let until = Instant::now() + LONGEST_WAVE;
        for racer in (0..RACERS).filter(|racer| winners.iter().all(|(winner, _)| winner != racer)) {
            while self.words.refused(racer).load(Ordering::SeqCst) == 0 {
                assert!(Instant::now() < until, "racer {racer} was not refused");
                std::thread::sleep(Duration::from_micros(100));
            }
        }
    }
}
