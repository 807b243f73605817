//! What crash, fork, truncation and time do to a board, and what is not promised.
//!
//! # Crashes
//!
//! * **A writer is killed**: its slot stays as last published, and its byte is free. The parent that waits for it judges
//!   the end; where there is no such parent, readers show *lost* and the slot can be taken over.
//! * **The creator is killed**: the board stays readable, and its slots writable by whoever holds one. Reservations that
//!   nobody claimed show *lost*. [`gc`](crate::gc) removes the file once every byte is free.
//! * **A process is stopped** (SIGSTOP) while it holds the table's lock, which takes microseconds: others that want to
//!   name, claim or take over a slot give up after two seconds with an error that says so. Publishing and reading go on.
//! * **The machine goes down**: boards live on memory file systems and are gone. One on a disk may hold anything; it
//!   opens, or is refused, like any other bytes. Its process ids mean nothing after a new boot, which the boot id shows.
//!
//! # Forks
//!
//! * A child that is forked and then runs another program has neither the map nor the locks.
//! * A child that is forked and goes on in the same program shares its parent's locks: after the parent's death the byte
//!   stays held. The second witness, pid with start time, tells: such a slot is *lost*, though it can be taken over only
//!   when the child is gone. Writing to a slot from both sides of a fork is not detected: do not.
//! * The thread that beats does not survive a fork. A slot claimed in the child starts one there.
//!
//! # Scripts
//!
//! * A slot that is written [on behalf](crate::Slot::on_behalf) of a shell script has no lock and no beats between two
//!   reports: that the script's process runs, by number, start time, boot and namespace, is all there is to know. It is
//!   *alive* or *lost*, never *silent* or *stalled*; from another namespace nothing is known of it, and it is not taken
//!   over. The system reuses a number with the same start time never; but who may write there is not who the script is:
//!   whatever process names the script as its owner writes in its name. A report that is killed leaves the slot as last
//!   published and its byte free; one that is stopped holds later ones up for two seconds, which then fail.
//! * A board made [for](crate::Board::create_for) a script says so with an optional feature. A reader that does not know
//!   it takes the free byte for the creator's end, and the board for abandoned.
//!
//! # Files
//!
//! * **A board file is cut short**: whoever touches a page that is gone is killed by SIGBUS; there is no way around that
//!   for a map. So a board has its full size, truly allocated, before it has its name, and is never resized; readers look
//!   at the length before each reading, and copy instead of mapping where somebody else owns the file or may write to it.
//!   A user who truncates their own board between that look and the reading gets what they asked for.
//! * **A board on a disk** can stall its writers for hundreds of milliseconds during write-back. Put it on a memory file
//!   system.
//! * A named segment cannot be made at full size before it has its name: readers that come too early are told that it is
//!   not complete. Its name outlives a killed creator. Where the system does not show it as a file (macOS, Windows), a
//!   reader's map is writable, and nothing is locked: see below.
//!
//! # One writer at a time
//!
//! * What holds for readers rests on it. The locks keep processes apart, and a [`Slot`](crate::Slot) is not `Clone`. Two
//!   ways around them are left: to write from both sides of a fork, and to judge ([`Board::end`](crate::Board::end)) the
//!   slot of a process that still runs. The numbers may then be a mixture of two publications until the next one, the
//!   end a mixture of two ends; readers stay whole, bounded and safe.
//! * Generations are 32 bits: a slot that is taken over 4,294,967,296 times while one reader does not look shows that
//!   reader its old words until something moves.
//!
//! # Systems without byte locks
//!
//! Open-file-description locks exist on Linux and macOS. Elsewhere, and for named segments outside of Linux, claims are
//! settled by compare-exchange alone, two slots may be given the same key by two processes in the same microsecond, the
//! slot of a killed writer is taken over only after its parent has judged it, and `gc` removes nothing of this boot.
//!
//! # What readers see
//!
//! * Each slot is whole; two slots, or a slot and the board's title, may be from different instants.
//! * Only the newest state: intermediate numbers are overwritten unread. A board is not a queue, keeps no history but
//!   the times of phases, and pushes back on nobody.
//! * Texts are valid UTF-8 of bounded length, but may hold anything else, control characters included.
//! * A forged board shows forged values. It cannot make a reader panic, loop, read out of bounds, or touch a process.
//! * Beats count in units of 10 ms since the board's creation and end after 497 days; the board itself goes on.
//! * Where the standard library has no monotonic clock that processes share (Windows), times come from the wall clock.
//!
//! # Versions
//!
//! A reader refuses another major layout and names it; refuses features marked as needed that it does not know, by name;
//! and leaves out what is marked as optional. Records may grow at their end: strides are read from the header.
//!
//! # Who may write
//!
//! Every process of the user who made the board, which the file's mode says. There is no protection between processes of
//! one user: a process that stores to another's slot can forge what it shows.
