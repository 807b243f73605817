//! What crashes, forks, truncation and time do to a board, and the limits of every promise.
//!
//! # Crashes
//!
//! * **A writer is killed**: its slot stays as last published, and the slot's byte is unlocked. The parent that waits
//!   for the process records how it ended; without such a parent, readers show *lost* and the slot can be taken over.
//! * **The creator is killed**: the board stays readable, and its slots stay writable by the processes that hold them.
//!   Unclaimed reservations show *lost*. [`gc`](crate::gc) removes the file once every byte is free.
//! * **A process is stopped** (SIGSTOP) while it holds the table's lock, which takes microseconds: other processes that
//!   want to name, claim or take over a slot give up after two seconds with an error that names the lock. Publishing
//!   and reading go on.
//! * **The machine goes down**: boards live on memory file systems and are gone. One on a disk may hold anything; it
//!   opens, or is refused, like any other bytes. Its process ids mean nothing after a new boot, which the boot id
//!   shows.
//!
//! # Forks
//!
//! * A child that is forked and then runs another program has neither the map nor the locks.
//! * A child that is forked and goes on in the same program shares its parent's locks: after the parent's death the
//!   byte stays held, which counts as life: such a slot is *silent*, and is taken over once the child is gone. Writing
//!   to a slot from both sides of a fork is not detected: do not do it.
//! * The thread that beats does not survive a fork. A slot claimed in the child starts one there.
//!   A child forked by one thread while another beats would inherit the beats' lock in its locked state: a program that
//!   claims slots in such children must fork under the guard of [`before_fork`](crate::before_fork).
//!
//! # Pools
//!
//! * The slots of a [`Pool`](crate::Pool) stay locked as long as it lives, even those without a task: other processes
//!   get the rest of the table. Claim as many as there are threads, and some more if readers are to see how tasks
//!   ended.
//! * A key is compared with the keys of the pool's own lanes. Slots outside the pool aren't searched for it, as that
//!   would be a walk over the table for each task; a process that takes a slot on its own is refused the key of a lane.
//!   A key that has ended outside the pool's lanes gets a second row in one of them; and so does one that has ended in
//!   a lane and is begun anew outside, since the pool keeps the lane's byte for its next task.
//! * Lanes are used again at once when no others are free: if tasks take a millisecond, a reader that looks 60 times a
//!   second sees few of their ends. Each that it sees is whole.
//! * The thread that beats shows that the process runs. A task that hangs in its thread is *stalled*, not *silent*.
//! * Only the process itself can record how its tasks end: no parent waits for a thread. A slot dropped without an end,
//!   as by a panic, is *lost*, and may be taken by another process.
//! * A forked child has a copy of the pool's lists and shares its locks: beginning tasks on both sides is not detected.
//!   Do not do it.
//!
//! # Scripts
//!
//! * A slot that is written [on behalf](crate::Slot::on_behalf) of a shell script has no lock and no beats between two
//!   reports. Its only evidence is the script's process, by number, start time, boot and namespaces. It is *alive* or
//!   *lost*, never *silent* or *stalled*. From another namespace or boot its process cannot be looked up, so the slot
//!   is not taken over, and its board is removed once nothing was written to it for a day, unless `/proc` shows the
//!   script here, as a process of a container below. That day is one of the monotonic clock, which no step of the wall
//!   clock moves, and which stands still while the machine sleeps, since nothing could be written then. For a board of
//!   another boot the wall clock counts, and one of another time namespace stays until the machine restarts. Start
//!   times count in hundredths of a second: if a process id is reused within the same hundredth, the new process passes
//!   for the script. Permission to write is not tied to the script: any process that names the script as its owner
//!   writes in its name. A report that is killed leaves the slot as last published and its byte free; one that is
//!   stopped makes later ones wait two seconds and then fail.
//! * A board made [for](crate::Board::create_for) a script is marked with an optional feature. A reader that does not
//!   know the feature sees the creator's byte unlocked, and takes the board for abandoned.
//!
//! # Files
//!
//! * **A board file is cut short**: a page that is gone raises SIGBUS in the process that touches it. So a board has
//!   its full size, truly allocated, before it has its name, and is never resized. For files that are cut all the same,
//!   the first map of a board installs a handler for SIGBUS, which puts private zeros in place of a map that faults and
//!   sets a flag: the reader gets [`ReadError::Truncated`](crate::ReadError) and keeps its last good views, the hot
//!   poll keeps its numbers, and a writer's publications go nowhere from then on while its work goes on. The handler
//!   costs nothing on the hot path; any system call in its place would cost more than a quiet poll of 64 slots.
//! * Two cases remain: a program that installs its own handler for SIGBUS *after* its first board gets the fault
//!   instead, and a thread that blocks SIGBUS is killed by it. Readers then still look at the length before each
//!   reading, and after one that changed anything, but die if the file is cut in between. Any other SIGBUS goes to the
//!   handler that was there before, or has the default effect. If a file is cut in the middle of a page, the system
//!   leaves zeros behind the cut and raises no signal: [`Reader::refresh`](crate::Reader::refresh) reports the cut, but
//!   the views in that page may show zeros beside the error, and [`Reader::poll`](crate::Reader::poll) may show them
//!   for the one slot that the cut goes through.
//! * **A board file is emptied and made as long as before**, or its header is written over: readers get
//!   [`ReadError::Overwritten`](crate::ReadError).
//! * **Another user owns the file, or may write to it**: it is read into a private copy and never mapped. Each slot,
//!   the title and each log is whole there too; waiting then looks every 10 ms, and the hot poll shows the numbers of
//!   the last refresh. A process that opens it for writing does map it, under the same guard.
//! * **Something else has the board's name**: a link, directory, pipe, socket or device is refused, without waiting for
//!   it. If another board is renamed over a board, nothing changes for the processes that have the old one open; the
//!   two have different ids.
//! * **A file longer than 64 MiB by its own header** is refused, so that no header can make a reader go through more.
//! * **A board on a disk** can stall its writers for hundreds of milliseconds during write-back. Put it on a memory
//!   file system.
//! * A named segment cannot be made at full size before it has its name: readers that attach too early get an error for
//!   a board that is not complete. Its name outlives a killed creator. If the system does not show it as a file (macOS,
//!   Windows), a reader's map is writable, and nothing is locked: see below.
//! * **A board that its owner has opened to other users**, by a mode that lets them read it: a process that may only
//!   read can hold a shared lock on any of its bytes, and such a lock prevents an exclusive one. On the table's byte it
//!   makes each claim wait two seconds and fail with an error that names the lock; on a slot's byte it makes a slot
//!   whose writer is gone show as alive; on the creator's it keeps the board from being removed. Publishing and reading
//!   go on. Boards are made with mode 0600: leave them so, and let others read a [`dump`](crate::dump) instead.
//!
//! # Keys that come again
//!
//! * The attempt is a byte: after the 255th it stays 255. If a process is killed in the middle of the claim, which
//!   takes microseconds, the count is lost: the next attempt shows as the first.
//! * The end of a key's last life is no longer shown once the next has begun. A parent that records a child's exit only
//!   then gets an error, as for any slot that was taken over ([`EndError::Superseded`](crate::EndError)).
//!
//! # One writer at a time
//!
//! * Every promise to readers depends on that. The locks keep processes apart, and a [`Slot`](crate::Slot) is not
//!   `Clone`. Two ways around them are left: writing from both sides of a fork, and recording the end
//!   ([`Board::end`](crate::Board::end)) of a process that still runs. The numbers may then be a mixture of two
//!   publications until the next one, the end a mixture of two ends; readers stay bounded and safe.
//! * Generations are 32 bits: a slot that is taken over 4,294,967,296 times while one reader does not look shows that
//!   reader its old words until something moves.
//!
//! # Systems without byte locks
//!
//! Open-file-description locks exist on Linux and macOS. Elsewhere, and for named segments outside Linux, claims are
//! settled by compare-exchange alone, two processes may give two slots the same key in the same microsecond, the slot
//! of a killed writer is taken over only after its parent has recorded the end, and `gc` removes no board of this boot.
//!
//! # The view of a reader
//!
//! * Each slot is whole; two slots, or a slot and the board's title, may be from different instants.
//! * A reader sees only the newest state: intermediate numbers are overwritten unread. A board is not a queue, keeps no
//!   history but the last eight steps, and slows no writer down.
//! * Texts are valid UTF-8 of bounded length, but may hold anything else, control characters included.
//! * A forged board shows forged values. It cannot make a reader panic, loop, read out of bounds, or touch a process.
//! * Times are those of a clock that stands still while the machine sleeps: an end shown as wall-clock time is too
//!   early by the time that the machine slept since the board was made. A writer in another time namespace has another
//!   clock: it is *alive* while it holds its slot, never *silent* or *stalled*.
//! * Without `/proc`, processes cannot be looked up: a script's board never shows as abandoned, and its slots never as
//!   lost.
//! * Beats count in units of 10 ms since the board's creation and end after 497 days; the board itself goes on.
//! * On a system for which the standard library has no monotonic clock shared between processes (Windows), times come
//!   from the wall clock.
//!
//! # Versions
//!
//! A reader refuses another major layout, with its number; refuses features marked as needed that it does not know, by
//! name; and ignores unknown ones marked as optional. Records may grow at their end: strides are read from the header.
//!
//! Boards, dumps and recordings of layout 1 are refused, with an error that names the layout. `gc` removes a board of
//! layout 1 only when it is a day old and no process holds a byte of it, since its words mean something else; it leaves
//! dumps alone.
//!
//! # Permission to write
//!
//! Every process of the user that made the board may write to it, by the file's mode. There is no protection between
//! processes of one user: a process that stores to another's slot can forge what it shows.
