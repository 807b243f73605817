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
//! * **A board file is cut short**: a page that is gone raises SIGBUS in whoever touches it. So a board has its full
//!   size, truly allocated, before it has its name, and is never resized. For those who cut it all the same, the first map
//!   of a board puts a handler for SIGBUS in place, which lays private zeros under a map that faults and notes it: the
//!   reader gets [`ReadError::Truncated`](crate::ReadError) and keeps its last good views, the hot poll keeps its numbers,
//!   and a writer's publications go nowhere from then on while its work goes on. It costs nothing on the hot path; any
//!   system call in its place would cost more than a quiet poll of 64 slots.
//! * What remains of that: a program that puts its own handler for SIGBUS in place *after* its first board takes the
//!   fault over, and a thread that blocks SIGBUS is killed by it; readers then still look at the length before each
//!   reading, and after one that changed anything, but die if the file is cut in between. Any other SIGBUS goes to the
//!   handler that was there before, or has the default effect. Where a file is cut in the middle of a page, the system
//!   leaves zeros behind the cut and raises nothing: [`Reader::refresh`](crate::Reader::refresh) reports the cut, but the
//!   views in that page may show zeros beside the error, and [`Reader::poll`](crate::Reader::poll) may show them for the
//!   one slot the cut goes through.
//! * **A board file is emptied and made as long as before**, or its header is written over: readers get
//!   [`ReadError::Overwritten`](crate::ReadError).
//! * **Somebody else owns the file, or may write to it**: it is read into a private copy and never mapped. Each slot, the
//!   title and each log is whole there too; waiting then looks every 10 ms, and the hot poll shows what the last refresh
//!   read. Whoever opens it for writing does map it, under the same guard.
//! * **Something else has the board's name**: a link, directory, pipe, socket or device is refused, without waiting for
//!   it. A board that another was renamed over stays what it was to those who have it; the id tells the two apart.
//! * **A file longer than 64 MiB by its own header** is refused: no header makes a reader go through more.
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
