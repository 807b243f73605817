//! The effect of crashes, forks, truncation and time on a board, and the limits of every promise.
//!
//! # Crashes
//!
//! * **A writer is killed**: its slot stays as last published, and its byte is free. The parent that waits for it
//!   judges the end; without such a parent, readers show *lost* and the slot can be taken over.
//! * **The creator is killed**: the board stays readable, and its slots stay writable by the processes that hold them.
//!   Unclaimed reservations show *lost*. [`gc`](crate::gc) removes the file once every byte is free.
//! * **A process is stopped** (SIGSTOP) while it holds the table's lock, which takes microseconds: other processes that
//!   want to name, claim or take over a slot give up after two seconds with an error that names the lock. Publishing
//!   and reading go on.
//! * **The machine goes down**: boards live on memory file systems and are gone. One on a disk may hold anything; it
//!   opens, or is refused, like any other bytes. Its process ids mean nothing after a new boot, which the boot id shows.
//!
//! # Forks
//!
//! * A child that is forked and then runs another program has neither the map nor the locks.
//! * A child that is forked and goes on in the same program shares its parent's locks: after the parent's death the
//!   byte stays held, which is life: such a slot is *silent*, and taken over once the child is gone. Writing to a slot
//!   from both sides of a fork is not detected: do not.
//! * The thread that beats does not survive a fork. A slot claimed in the child starts one there.
//!   A child forked by one thread while another beats must not find the beats' lock taken: a program that claims
//!   slots in such children forks under the guard of [`before_fork`](crate::before_fork).
//!
//! # Pools
//!
//! * The slots of a [`Pool`](crate::Pool) are locked as long as it lives, also those without a task: other processes get
//!   the rest of the table. Claim as many as there are threads, and some more if ends are to be seen.
//! * A key is compared with those of the pool's own lanes. Other slots that have this key are not looked for, as that
//!   would be a walk over the table for each task; a process that takes a slot on its own is refused the key of a lane.
//!   A key that has ended outside of the pool's lanes has a second row in one of them; and so has one that has ended in a
//!   lane and is begun anew outside, since the pool keeps the lane's byte for its next task.
//! * Lanes are used again at once when no others are free: a reader that looks 60 times a second sees few of the
//!   ends of tasks of a millisecond. Each that it sees is whole.
//! * The thread that beats shows that the process runs. A task that hangs in its thread is *stalled*, not *silent*.
//! * Only the process judges its tasks: no parent waits for a thread. A slot dropped without an end, as by a panic, is
//!   *lost*, and may be taken by another process.
//! * A forked child has the pool's lists and shares its locks: beginning tasks on both sides is not detected. Do not.
//!
//! # Scripts
//!
//! * A slot that is written [on behalf](crate::Slot::on_behalf) of a shell script has no lock and no beats between two
//!   reports. Its only evidence is the script's process, by number, start time, boot and namespaces. It is *alive* or
//!   *lost*, never *silent* or *stalled*; from another namespace or boot its process cannot be looked up, and it is not taken
//!   over; its board is cleared away once nothing was written to it for a day, unless `/proc` shows it here, as a process of
//!   a container below. That day is one of the monotonic clock, which no step of the wall clock moves, and which stands still
//!   while the machine sleeps, since nothing could be written then; a board of another
//!   boot goes by the wall clock, and one of another time namespace stays until the machine starts anew. Start times count
//!   in hundredths of a second: a process whose number is given out again within one has a successor that passes for it.
//!   Permission to write is not tied to the script: any process that names the script as its owner writes in its name. A report that is killed leaves the slot as last
//!   published and its byte free; one that is stopped holds later ones up for two seconds, which then fail.
//! * A board made [for](crate::Board::create_for) a script is marked with an optional feature. A reader that does not
//!   know it takes the free byte for the creator's end, and the board for abandoned.
//!
//! # Files
//!
//! * **A board file is cut short**: a page that is gone raises SIGBUS in the process that touches it. So a board has
//!   its full size, truly allocated, before it has its name, and is never resized. For files that are cut all the same,
//!   the first map of a board puts a handler for SIGBUS in place, which lays private zeros under a map that faults and
//!   notes it: the reader gets [`ReadError::Truncated`](crate::ReadError) and keeps its last good views, the hot poll
//!   keeps its numbers, and a writer's publications go nowhere from then on while its work goes on. It costs nothing on
//!   the hot path; any system call in its place would cost more than a quiet poll of 64 slots.
//! * Two cases remain: a program that puts its own handler for SIGBUS in place *after* its first board takes the fault
//!   over, and a thread that blocks SIGBUS is killed by it; readers then still look at the length before each reading,
//!   and after one that changed anything, but die if the file is cut in between. Any other SIGBUS goes to the handler
//!   that was there before, or has the default effect. If a file is cut in the middle of a page, the system leaves
//!   zeros behind the cut and raises nothing: [`Reader::refresh`](crate::Reader::refresh) reports the cut, but the
//!   views in that page may show zeros beside the error, and [`Reader::poll`](crate::Reader::poll) may show them for
//!   the one slot the cut goes through.
//! * **A board file is emptied and made as long as before**, or its header is written over: readers get
//!   [`ReadError::Overwritten`](crate::ReadError).
//! * **Another user owns the file, or may write to it**: it is read into a private copy and never mapped. Each slot,
//!   the title and each log is whole there too; waiting then looks every 10 ms, and the hot poll shows the numbers of
//!   the last refresh. A process that opens it for writing does map it, under the same guard.
//! * **Something else has the board's name**: a link, directory, pipe, socket or device is refused, without waiting for
//!   it. A board that another was renamed over does not change for the processes that have it open; the id sets the two
//!   apart.
//! * **A file longer than 64 MiB by its own header** is refused: no header makes a reader go through more.
//! * **A board on a disk** can stall its writers for hundreds of milliseconds during write-back. Put it on a memory file
//!   system.
//! * A named segment cannot be made at full size before it has its name: readers that attach too early get an error for
//!   a board that is not complete. Its name outlives a killed creator. If the system does not show it as a file (macOS,
//!   Windows), a reader's map is writable, and nothing is locked: see below.
//! * **A board that its owner has opened to other users**, by a mode that lets them read it: a process that may only read
//!   can hold a shared lock on any of its bytes, and such a lock keeps an exclusive one off. On the table's byte it makes
//!   each claim wait two seconds and fail with an error that names the lock; on a slot's byte, a slot whose writer is
//!   gone shows as alive; on the creator's, the board is not cleared away. Publishing and reading go on. Boards are made
//!   with mode 0600: leave them so, and open a [`dump`](crate::dump) to others instead.
//!
//! # Keys that come again
//!
//! * The attempt is a byte: behind the 255th it stays 255. A process that is killed in the middle of the claim, which takes
//!   microseconds, takes the count with it: the next attempt shows as the first.
//! * The end of a key's last life is no longer shown once the next has begun. A parent that records a child's exit only
//!   then is refused it, as for any slot that was taken over ([`EndError::Superseded`](crate::EndError)).
//!
//! # One writer at a time
//!
//! * Every promise to readers rests on it. The locks keep processes apart, and a [`Slot`](crate::Slot) is not `Clone`.
//!   Two ways around them are left: to write from both sides of a fork, and to judge
//!   ([`Board::end`](crate::Board::end)) the slot of a process that still runs. The numbers may then be a mixture of
//!   two publications until the next one, the end a mixture of two ends; readers stay whole, bounded and safe.
//! * Generations are 32 bits: a slot that is taken over 4,294,967,296 times while one reader does not look shows that
//!   reader its old words until something moves.
//!
//! # Systems without byte locks
//!
//! Open-file-description locks exist on Linux and macOS. Elsewhere, and for named segments outside of Linux, claims are
//! settled by compare-exchange alone, two slots may be given the same key by two processes in the same microsecond, the
//! slot of a killed writer is taken over only after its parent has judged it, and `gc` removes nothing of this boot.
//!
//! # The view of a reader
//!
//! * Each slot is whole; two slots, or a slot and the board's title, may be from different instants.
//! * Only the newest state: intermediate numbers are overwritten unread. A board is not a queue, keeps no history but
//!   the last eight steps, and pushes back on no writer.
//! * Texts are valid UTF-8 of bounded length, but may hold anything else, control characters included.
//! * A forged board shows forged values. It cannot make a reader panic, loop, read out of bounds, or touch a process.
//! * Times are those of a clock that stands still while the machine sleeps: an end that is shown on the wall clock is too
//!   early by what the machine slept since the board was made. A writer in another time namespace has another clock: it is
//!   *alive* while it holds its slot, never *silent* or *stalled*.
//! * Without `/proc`, processes cannot be looked up: a script's board is not called abandoned, and its slots not lost.
//! * Beats count in units of 10 ms since the board's creation and end after 497 days; the board itself goes on.
//! * On a system for which the standard library has no monotonic clock shared between processes (Windows), times come
//!   from the wall clock.
//!
//! # Versions
//!
//! A reader refuses another major layout and names it; refuses features marked as needed that it does not know, by name;
//! and leaves out what is marked as optional. Records may grow at their end: strides are read from the header.
//!
//! Boards, dumps and recordings of layout 1 are refused by name. `gc` leaves them alone: nothing about them is believed.
//!
//! # Permission to write
//!
//! Every process of the user that made the board may write to it, by the file's mode. There is no protection between processes of
//! one user: a process that stores to another's slot can forge what it shows.
