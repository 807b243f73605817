//! A board as a whole: attached while it is made, and closed while it is read.

use loom::sync::Arc;
use loom::thread;
use vx_shm::atomics::{Mutant, Ordering};
use vx_shm::layout::{HeaderImage, HeaderPage, LayoutFault, TITLE_WORDS};
use vx_shm::stamp::{attach, close, closed_at, complete, is_closed};

use crate::run::Model;

pub(crate) const MODELS: &[Model] = &[
    Model {
        name: "an attach while a board is made gets all of it, or the error that it is not ready",
        mutants: &[Mutant::RelaxedReady, Mutant::ReadyFirst, Mutant::NoAttachFence],
        preemptions: 3,
        run: an_attach_while_a_board_is_made_gets_all_of_it,
        variants: 1,
    },
    Model {
        name: "a reader that sees a board closed sees its last state, and when that was",
        mutants: &[Mutant::RelaxedClose, Mutant::ClosedFirst, Mutant::RelaxedClosedLook],
        preemptions: 3,
        run: a_reader_that_sees_a_board_closed_sees_its_last_state,
        variants: 1,
    },
];

fn an_attach_while_a_board_is_made_gets_all_of_it() {
    let header = Arc::new(HeaderPage::default());
    let facts = HeaderImage::for_slots(1).sealed();
    let made = header.clone();
    let creator = thread::spawn(move || complete(&made, &facts, || made.title.write(&[7; TITLE_WORDS])));
    let reader = thread::spawn(move || match attach(&header, facts.length) {
        Ok(found) => {
            assert_eq!(found, facts);
            assert_eq!(header.title.read(), Some((1, [7; TITLE_WORDS])), "attached before it was filled");
        }
        Err(fault) => assert_eq!(fault, LayoutFault::NotReady),
    });
    creator.join().unwrap();
    reader.join().unwrap();
}

fn a_reader_that_sees_a_board_closed_sees_its_last_state() {
    let header = Arc::new(HeaderPage::default());
    let shut = header.clone();
    let creator = thread::spawn(move || close(&shut, 2, 9));
    let reader = thread::spawn(move || {
        if is_closed(&header.closed) {
            assert_eq!(header.state.load(Ordering::Relaxed), 2, "closed without its last state");
        }
        assert_eq!(closed_at(&header).unwrap_or(9), 9, "closed without the time");
    });
    creator.join().unwrap();
    reader.join().unwrap();
}
