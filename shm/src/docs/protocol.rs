//! Why a reader never sees half a publication, and a killed writer never leaves one.
//!
//! Every ordering between processes is in `stamp/`, in functions that touch only words, and has a partner named here.
//! Beside each stands the name of the *mutant* that takes it away. `tests/loom` runs those functions in every
//! interleaving: as they are, where every model must hold, and with one mutant at a time, where some model must fail.
//! `tests/orderings.rs` keeps this page complete: no ordering elsewhere, none without a mutant, and no mutant or shared
//! word that is missing here.
//!
//! # The words, and their writers
//!
//! | word | written by | made visible by |
//! |---|---|---|
//! | `facts`, and the whole layout | the creator, once | `ready` |
//! | `ready` | the creator, once, last | itself: release |
//! | `title` | the creator | itself: a latch; that it moved: `epoch` |
//! | `kind`, `project_hash`, `project` | the creator, once | `ready` |
//! | `used` | a process that claims a slot, under the table's lock; only grows | `epoch` |
//! | `state`, `closed_unix_ns` | the creator, when it closes | `closed` |
//! | `closed` | the creator, once | itself: release |
//! | `successor` | nothing yet; its future writer, before `closed` | `closed` |
//! | `epoch`, `wake` | a process that changes a state | itself; the bell's fences |
//! | `waiters` | a process that sleeps | the bell's fences |
//! | `control` | the slot's writer; the process that names, takes over or judges it, under the table's lock | itself: release |
//! | `numbers` (`stamp`, `copies`) | the slot's writer | itself: a latch |
//! | `text` | the slot's writer | itself: a latch; that it moved: the revision in `numbers` |
//! | `notes` | the slot's writer | itself: a latch; that they moved: the revision in `numbers` |
//! | the cause of a wait or an end | as `notes`, or as `error` | itself: a latch; that it moved: the revision in `numbers`, or `control` |
//! | `transitions` | the slot's writer | `numbers`, whose count of them is looked at twice |
//! | `identity` | the claiming process | `control` |
//! | `error`, `result`, `ended_at` | the slot's writer, or the process that judges its end | `control` |
//! | `exit` | the process that collected the writer; may come after the state | `control`, else `epoch` |
//! | a slot's beat | a thread of the writer's process | nothing: a hint of one word |
//! | `reserved`, `committed`, `start`, the ring | the slot's writer, or the log's own | `committed`; in a new life also `control` |
//!
//! All loads and stores that are not named below are relaxed, of one aligned word of at most 8 bytes, and are ordered
//! by the column on the right.
//!
//! # The latch
//!
//! A latch holds two copies of some words under one stamp (`Latch`). The stamp counts publications; its lowest bit
//! names the copy that is whole. One process writes, any number read.
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
//! * **W3 → R1** (`RelaxedPublish`, `NoFirstFence`; W2 and W3 the other way round: `StampFirst`). A reader that loads
//!   the stamp stored by W3 has, after R1, all words of W2 of that publication: a release store read by a relaxed load
//!   with an acquire fence after it synchronizes. So R2 reads those words or newer.
//! * **W1 → R3** (`NoWriterFence`, `NoReaderFence`, and no R4 at all: `NoSecondStamp`). Newer words are those of
//!   publication `s + 2`, the next one into the same copy. Its W1 comes after the store of stamp `s + 1`. If R2 reads
//!   one of its words, then W1 and R3 synchronize (a release fence before the store, an acquire fence after the load),
//!   and R4 cannot read a stamp older than `s + 1`: the reader sees that it was overtaken and tries again.
//! * So a reading that ends with the same stamp is one publication, whole. Stamps are never set back: a stamp has 64
//!   bits, and at a billion publications a second it wraps around after 584 years.
//! * **A kill.** W2 goes into the copy that the stamp does not name (`OneCopy`). Between two publications both copies
//!   are whole or the spare is half written; the stamp names the other. W3 is one aligned store. There is no
//!   instruction at which the named copy is not whole, so nothing needs repair.
//! * **A writer that never stops** can make a reader try again: after four tries the reader keeps what it showed
//!   before. It cannot make it loop.
//! * The writer's own load of its stamp, and of its words (`Latch::own`), are of stores that happened before: its own,
//!   or those of the slot's last writer, which the claim acquired (C1 below).
//!
//! A plain sequence lock has one copy, which is torn for as long as its writer is stopped in the middle of a write, and
//! for ever once it is killed there: 428 of 2,000 kills at random instants left such a slot, none with the latch.
//!
//! # The control word and the claim
//!
//! A slot's control word holds the slot's life (generation) and the place in that life (state). Its latches are used by
//! one writer after another, so a stamp alone does not name the writer of its words. A claim takes three steps:
//!
//! ```text
//! claim                                      read
//!   C1 control = (g + 1, claiming)             K1 control, relaxed
//!      compare-exchange, acquire                  the latch's read: R1 … R4
//!   C2 fence(Release)                          K2 control again, relaxed: unchanged, or try again
//!   C3 identity, texts, log, first numbers        if the record is wanted: its words, relaxed
//!   C4 control = (g + 1, live), release        K3 fence(Acquire)
//!                                              K4 control again, relaxed: unchanged, or try again
//! ```
//!
//! * **C4 → R1** (`RelaxedState`). A reader that sees "live" sees every word of C3: K1 loads what C4 stored, and R1,
//!   the latch's first fence, comes after K1 as well. The stamp is loaded before R1 and may be older than that; but C3
//!   has moved it, so that R4 then finds another one, and the reader tries again. One more fence between K1 and the
//!   stamp would add nothing: no model failed without it.
//! * **C2 → R3, K3** (`TwoStepClaim`, `NoClaimFence`, `NoRecordFence`; no K2: `NoSecondControl`; no K4:
//!   `NoRecordControl`). A reader that loads a word of C3 sees C1, or something later, after the next acquire fence:
//!   never the control word of generation `g` with words of `g + 1`. In two steps (publish, then "live") the same
//!   reader shows the new text under the old generation: loom finds it at once; 60 seconds of torture by real processes
//!   did not. For the latches alone W1 would do in place of C2; words outside of latches need C2.
//! * **C4, W3 → C1** (`RelaxedClaim`). The next writer continues the stamps and counters of the last, so it must see
//!   them: C1 acquires what the last writer released with the slot's end, or the creator with the reservation. If the
//!   last writer was killed, C1 reads no release; then the two are ordered by the lock on the slot's byte, which the
//!   system freed, or by the state that the parent stored after `wait()`.
//! * "Claiming" has a second form, *named*, when key and version are there already because the creator reserved the
//!   slot; the reader then shows the slot as reserved. *Unnamed*, it keeps what it showed before, or shows nothing. A
//!   new life that was named from the start would be shown with the words of the old one (`NamedClaim`).
//! * A reservation is claimed in its own generation: the second claim rewrites only words that are not believed while
//!   the state is "reserved" or "claiming" (process, start time, namespace), and a reader that sees "live" sees them by
//!   C4 → R1.
//! * A key that is used again takes its old slot, by the same claim in the next generation, once the last writer has
//!   unlocked the byte. Slots that ended are otherwise left alone while others are free, so that readers see their
//!   ends. A reader that did not look between two lives of one key misses an end and no more: the new generation, and
//!   the attempt in its numbers, show that there was one.
//! * **state → C1** (`RelaxedClaim`, `RelaxedState`). The next attempt is the last one + 1. It is counted after C1,
//!   from the numbers that the last writer published before the end that C1 has acquired, and from its identity, before
//!   C3 overwrites it. A claim that a kill cuts off has overwritten both, unnamed: the next claim begins with 1.
//! * `Board::reserve_again` is that claim for a slot that the caller has seen end: it stores everything of C3 but key
//!   and version, which are there already.
//! * A claim that a kill cuts off leaves "claiming" and a free byte. Unnamed, it is never shown, and the next claim
//!   takes the slot in a new generation. Named, it is claimed again, in the same generation.
//! * **C4 → `load_control`** (`RelaxedLook`). A process that acts on a state (takes over, judges, claims a reservation)
//!   loads it with acquire: the time of an end is there, by which the slot that ended first is found.
//!
//! Which process may claim is settled before, by the lock on the slot's byte, and for naming and taking over by the
//! table's lock; the system keeps both and frees them when their holder dies. C1 is a compare-exchange all the same, so
//! that a system without such locks still has one winner (`TwoStepClaim` again). If it fails, nothing more is read, so
//! a relaxed failure ordering is enough.
//!
//! # The end of a slot
//!
//! Error, result, time and, if known, exit are stored before the state that announces them (`EndFirst`), which is
//! a release store (`RelaxedState`): **state → R1** as above, and K4 covers what follows. Readers believe them only
//! under such a state. The parent may learn the process's exit later: one word, stored alone; the `epoch` that moves
//! after it makes readers look again.
//!
//! # Text, notes, cause, and the revision
//!
//! Message and details share a latch in the cold record; what is changed now and then (the step's own name, address,
//! port, the slot waited for) shares another; and the cause, which came with minor version 1, has one behind the
//! record. A cause names its generation, so it counts for that life alone, although writers of minor version 0 do not
//! clear it, and no claim has to. A process that ends a slot stores the cause as it stores the error:
//! before the state, whose release covers it. The 16-bit revision in a slot's numbers moves after each change of text,
//! notes, cause or step; a reader looks at the record again when it moved. The text is stored before the numbers that
//! announce it (`AnnouncedFirst`). A message is stored alone only where both copies hold the details already
//! (`UnsettledDetails`): the words behind it are then those of an earlier publication into the same copy. W3 of the
//! numbers comes after W3 of the text, and a reader whose numbers are those of W3 has fenced twice (R1 or R3) before it
//! reads the record. So the text found is the announced one or newer. A report that continues a slot publishes the
//! numbers with the next revision first (`UnrevisedReport`): the one before it may have been killed between the text
//! and its announcement. A revision wraps around after 65,536 changes; a reader that slept through exactly that many
//! shows the old text until the next change.
//!
//! # Transitions
//!
//! A ring of the last steps, one entry longer than is shown. Their count is one of the slot's numbers.
//!
//! ```text
//! enter step c                               read
//!   T1 fence(Release)                          the latch's read of the numbers: count b
//!   T2 entry c - 1: its work; entry c, relaxed   U1 the ring, relaxed
//!   T3 publish the numbers, count c + 1          U2 the latch's read again: count a
//!                                              show entries a - 8 … b - 1
//! ```
//!
//! * **T3 → R1** (`AnnouncedFirst`). Entries below `b` are there, with the work done in all but the last of them, whose
//!   work is that of the numbers.
//! * **T1 → R1 of U2** (`NoStepFence`; no U2: `NoStepCount`). Entry `c` is stored into the place of entry `c - 9`,
//!   after the publication of count `c`. If U1 read a word of it, T1 and the latch's first fence in U2 synchronize, and
//!   R4 after that fence finds the stamp of count `c` or a later one: entry `c - 9` is not shown, as it lies below
//!   `a - 8`. One more fence between U1 and U2 would add nothing: no model failed without it.
//! * The entry that is being written at count `a` is entry `a`, in the place of entry `a - 9`: the spare one, never
//!   shown (`NoSpareStep`). A writer killed in T2 leaves that entry half written, and the next one to enter a step
//!   overwrites it.
//! * The count has 16 bits. After 65,528 it continues with 9: both name the same place of the ring, which is full at
//!   both.
//!
//! # The log ring
//!
//! Two counters, both of bytes ever written, and a start.
//!
//! ```text
//! append                                     read
//!   L1 reserved = end, relaxed                 M1 committed, relaxed
//!   L2 fence(Release)                          M2 fence(Acquire)
//!   L3 bytes, relaxed                          M3 start and bytes, relaxed
//!   L4 committed = end, release                M4 fence(Acquire)
//!                                              M5 reserved, relaxed: drop what lies a ring's length before it
//! ```
//!
//! * **L4 → M2** (`RelaxedCommit`, `NoLogFirstFence`). The bytes counted in are there, and so is the start.
//! * **L2 → M4** (`NoLogReserve`: L1 after L3; `NoLogFence`, `NoLogCopyFence`). If M3 copied a byte of an overwrite,
//!   then L2 and M4 synchronize, and M5 shows that overwrite: the byte is dropped.
//! * A writer killed between L1 and L4 leaves `reserved` ahead, which costs the oldest lines, and bytes of no meaning
//!   between the two counters. A new life begins its log behind them: `start` and `reserved`, then `committed`, with
//!   release (`LateStart`, `RelaxedCommit`). A reader that counts those bytes in by M1 has the new start by M2.
//! * Where a report on behalf of a script was killed between L1 and L4, the next one continues the same life, maybe
//!   with fewer bytes: it announces no less than is announced already (`ReservedBack`), since those bytes may be
//!   stored.
//! * A log may have another writer than the slot, named in the record: the process that captures the output. That
//!   process begins the log when the slot is named, and the claim of the reservation leaves the counters alone
//!   (`ClaimBeginsLog`): two processes store to one slot, each to its own words.
//! * A reader that has seen the slot's new life has its log, by C4 → R1. There is no second look at the start: bytes of
//!   a new log are an overwrite like any other.
//!
//! # The bell
//!
//! A change of state adds to the epoch, fences (SeqCst), and looks for waiters. A waiter adds itself to the waiters,
//! loads the wake word, fences (SeqCst), and looks at the epoch.
//!
//! * **The two fences** (`NoBellFence`, `NoSleeperFence`; the steps on either side the other way round: `EarlyRing`,
//!   `LateAnnounce`). One of them comes first: either the ringer sees the waiter, moves the wake word and wakes; or the
//!   waiter sees the epoch moved and does not sleep.
//! * Between its look and its sleep, the system compares the wake word once more, under a lock that it also takes to
//!   wake. So the ringer moves it before it wakes (`StillWake`), and the waiter loads it before it looks (`LateWake`).
//!   The wake word itself is relaxed on both sides: the fences stand between it and the epoch.
//! * **epoch → epoch** (`RelaxedEpoch`, `RelaxedEpochLook`). The addition releases and the look acquires: a reader that
//!   sees a new epoch sees the change behind it. So `used`, a late `exit` and a new `title` are found.
//!
//! # Making, attaching, closing
//!
//! * **ready → attach** (`RelaxedReady`, `NoAttachFence`; facts or title after it: `ReadyFirst`). A board file has its
//!   name only when it is complete, and the system orders that. A named segment has its name first: `ready` is stored
//!   last, with release, and looked at first, with an acquire fence after it and before any other word is believed. A
//!   reader that attaches too early gets an error; no reader gets half a board.
//! * **closed → is_closed** (`RelaxedClose`, `RelaxedClosedLook`; state and time after it: `ClosedFirst`). A reader
//!   that sees the board closed sees its last state, and when that was.
//!
//! # The lanes of a pool
//!
//! A pool holds the bytes of its slots and begins one life after another in them, so a slot goes from thread to thread
//! of one process, without the table's lock. On the board nothing changes: a life begins with C1 to C4 and ends as
//! above. Only the first life after another process's takes the table's lock, since the other life's judge may be
//! recording its end under that lock. What a pool adds is the list of the free lanes, which the threads share under a
//! lock of the process:
//!
//! ```text
//! one thread                                 another
//!   the end: its words, then the state
//!   P1 lock: the lane is free, as it was left  P3 lock: the lane is taken out of the list
//!   P2 wake a thread that waits                C1 … C4, from the control word it was left under
//! ```
//!
//! * **P1 after the end** (`LaneFreeFirst`). The other way round, the next life would be claimed under a state that is
//!   still to come, and the end could overwrite the words of that life.
//! * **P3 takes it out** (`LaneStaysFree`). Two threads that were handed one lane would both be its writer; C1 would
//!   stop the second, whose task then had no slot. With P1 and P3 under one lock, all that the first thread stored has
//!   happened before the second's C1.
//! * **P2.** A thread that finds no free lane counts itself as waiting and falls asleep, all under one lock, as
//!   condition variables promise: the thread that frees a lane later finds it counted and asleep, and wakes it
//!   (`LaneWakesNone`). A woken thread that finds its key in use takes no lane, and wakes the next (`LaneWakeKept`),
//!   which would otherwise sleep while a lane is free.
//! * A lane whose writer was dropped without an end is free with its byte: the next thread locks the byte first, and
//!   its C1 compares with the control word that the lane was left under. Another process that has taken the slot
//!   meanwhile holds the byte, or has moved the control word; the pool then has one lane fewer.
//! * A kill frees all bytes of a pool at once, and leaves each lane as a kill leaves any slot.
//!
//! # Words on their own
//!
//! A beat holds when a writer's process last ran, and when it last saw the numbers move; a reader's poll compares
//! control word and stamp with those it knows, and reads on when either differs; the check of a slot's process loads
//! the words of an identity one by one, and asks the system about the process that they name. Each of these words is
//! right by itself, or wrong until the next look and harmless; there is no ordering in them to take away.
//!
//! # Readers on read-only pages
//!
//! Readers make relaxed loads of at most eight bytes and acquire fences, nothing else. The standard library promises no
//! more for memory mapped read-only: a compare-exchange, even one that stores nothing, faults there.
//!
//! # Private copies
//!
//! A file that others may shorten is not mapped but read, and a read of many words is not one instant. Each read of the
//! file is made between two reads of the hot lines: a slot whose control word and stamp are the same in all three is
//! copied, any other keeps what it had. A text cannot be written twice without a publication of the numbers in between,
//! so its good copy is whole too. Every known system copies an aligned word whole when a file is read, and a later read
//! finds no older word; none promises either.
//!
//! # The models, and what they cannot show
//!
//! Under loom, this crate's own functions run in every interleaving, with every value a load may return under the C11
//! model, for two or three threads, a few operations, and two or three preemptions in one execution
//! (`LOOM_MAX_PREEMPTIONS` raises that). Texts and records are a word or two long there: what is ordered is the same,
//! and another word only multiplies the executions. The system's part of the bell, and the lock on a slot's byte, are a
//! mutex and a condition variable of loom's.
//!
//! loom runs each thread in program order: it cannot refute a reordering that a compiler or processor could make of
//! relaxed operations among themselves (load buffering). The argument above does not rest on their order: between any
//! two accesses that must not change places stands a fence, a release or an acquire. Nor does loom know of kills, of
//! maps, of two processes that see one page at two addresses, or of the file system. Those are tried with real
//! processes.
