//! Why a reader never sees half a publication, and a killed writer never leaves one.
//!
//! # The latch
//!
//! [`Latch`](crate::layout::Latch) holds two copies of some words under one stamp. The stamp counts publications; its
//! lowest bit names the copy that is whole. One process writes, any number read.
//!
//! ```text
//! write                                      read
//!   s = stamp (its own)                        s = stamp, relaxed
//!   W1 fence(Release)                          R1 fence(Acquire)
//!   W2 copy[(s + 1) & 1] = words, relaxed      R2 words = copy[s & 1], relaxed
//!   W3 stamp = s + 1, release                  R3 fence(Acquire)
//!                                              R4 stamp again, relaxed: still s, or try again
//! ```
//!
//! * **W3 → R1.** A reader that loads the stamp stored by W3 has, after R1, all words of W2 of that publication: a
//!   release store read by a relaxed load with an acquire fence behind it synchronizes. So R2 reads those words or newer.
//! * **W1 → R3.** Newer words are those of publication `s + 2`, the next one into the same copy. Its W1 comes after the
//!   store of stamp `s + 1`. If R2 reads one of its words, then W1 and R3 synchronize (a release fence before the store,
//!   an acquire fence behind the load), and R4 cannot read a stamp older than `s + 1`: the reader sees that it was
//!   overtaken and tries again.
//! * So a reading that ends with the same stamp is one publication, whole. And stamps are never set back: the stamp is
//!   64 bits, and at a billion publications a second comes round after 584 years.
//! * **A kill.** Between two publications both copies are whole or the spare is half written; the stamp names the other.
//!   W3 is one aligned store. There is no instruction at which the named copy is not whole, so nothing needs repair.
//! * **A writer that never stops** can make a reader try again: after four tries the reader keeps what it showed
//!   before. It cannot make it loop.
//!
//! A plain sequence lock has one copy, which is torn for as long as its writer is stopped and for ever once it is
//! killed: 428 of 2,000 kills at random instants left such a slot, the latch none.
//!
//! # The control word and the claim
//!
//! A slot's control word says whose life it is in (generation) and where in it (state). Its latches are used by one
//! writer after another, so a stamp alone does not say whose words they name. A claim takes three steps:
//!
//! ```text
//! claim                                      read
//!   C1 control = (g + 1, claiming)             K1 control, relaxed
//!   C2 fence(Release)                          K2 fence(Acquire)
//!   C3 identity, texts, first numbers          the latch's read, which ends in R3 (or R3 behind a record)
//!   C4 control = (g + 1, live), release        K3 control again, relaxed: unchanged, or try again
//! ```
//!
//! * **C4 → K2.** Who sees "live" sees every word of C3.
//! * **C2 → R3.** Who sees a word of C3 sees C1 at K3, or something later: never the control word of generation `g`
//!   with words of `g + 1`. In two steps (publish, then "live") the same reader shows the new text under the old
//!   generation: loom finds it at once; 60 seconds of torture by real processes did not.
//! * K3 also covers an end: error and install path are written before the state that says they are there (a release
//!   store again), and are believed only under such a state.
//! * "Claiming" has a second form, *named*, when key and version are there already because the creator reserved the
//!   slot; the reader then shows the slot as reserved. *Unnamed*, it shows what was there before, or nothing.
//! * A reservation is claimed in its own generation: the second claim rewrites only words that are not believed while
//!   the state is "reserved" or "claiming" (process, start time, namespace).
//!
//! Who may claim is settled before, by the lock on the slot's byte, and for naming and taking over by the table's lock,
//! both kept by the system and freed when their holder dies. C1 is a compare-exchange all the same, so that a system
//! without such locks still has one winner. A claim cut off by a kill leaves "claiming" and a free byte: the next one
//! may take it, with a generation of its own.
//!
//! # Text, phases, and the revision
//!
//! Message and details share a latch in the cold record. The 16-bit revision in a slot's numbers moves behind each
//! change of text or phase; a reader looks at the record again when it moved. The text is stored before the numbers
//! that announce it (W3 of the numbers comes after W3 of the text), so the text found is the announced one or newer.
//! Phase entries are single words, not latched: entering a phase stores its time before the numbers name the phase, and
//! a reader leaves out entries later than the present phase's own. A revision comes round after 65,536 changes; a
//! reader that slept through exactly that many shows the old text until the next change.
//!
//! # The log ring
//!
//! Two counters, both of bytes ever written. The writer moves `reserved`, fences (Release), writes the bytes, and stores
//! `committed` (release). The reader loads `committed`, fences, copies, fences (Acquire), loads `reserved`, and drops
//! what lies more than a ring's length before it. If it copied a byte of an overwrite, its second fence synchronizes
//! with the writer's, and `reserved` shows that overwrite: the byte is dropped. A writer killed between the two leaves
//! `reserved` ahead, which costs the oldest lines and nothing else.
//!
//! # The bell
//!
//! A change of state adds to the epoch, fences (SeqCst), and looks for waiters. A waiter adds itself to the waiters,
//! loads the wake word, fences (SeqCst), and looks at the epoch. Of two such fences one comes first: either the ringer
//! sees the waiter, moves the wake word and wakes; or the waiter sees the epoch moved and does not sleep. Between its
//! look and its sleep, the futex call compares the wake word once more in the kernel.
//!
//! # Readers on read-only pages
//!
//! Readers make relaxed loads of at most eight bytes and acquire fences, nothing else. The standard library promises no
//! more for memory mapped read-only: a compare-exchange, even one that stores nothing, faults there.
//!
//! # What the models show, and what they cannot
//!
//! `tests/loom.rs` runs this crate's own functions under loom, in every interleaving and with every value a load may
//! return under the C11 model, for two or three threads and a few operations; and again with one ordering taken away at
//! a time ([`Mutant`](crate::atomics::Mutant)), where each must fail. loom runs each thread in program order: it cannot
//! refute a reordering that a compiler or processor could make of relaxed operations among themselves (load buffering),
//! and it knows nothing of kills, of maps, or of the file system. Those are tried with real processes.
