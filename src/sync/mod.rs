//! Planning what has to be installed, and carrying it out.

mod boards;
mod child;
mod dumper;
mod parallel;
mod plan;
mod recorder;
mod recordings;
mod reporter;
mod resolve;
mod schedule;
mod step;
mod wanted_by;

pub use boards::{BOARDS_KEPT, BOARDS_KEPT_FOR, collect_boards, create_board, stale_boards};
pub use child::{InstallChild, log_file, logs_of};
pub use dumper::Dumper;
pub use parallel::in_parallel;
pub use plan::{Decision, InstalledRelease, Plan, Resolved, ResolvedRelease, ResolvedTool, claim, plan};
pub use recorder::FlightRecorder;
pub use recordings::{RECORDINGS_KEPT, RECORDINGS_KEPT_BYTES, board_of_recording, kept_recordings, recording_beside};
pub use reporter::SlotReporter;
pub use resolve::{AgeRemark, DigestOf, Forged, Newest, Resolution, Resolver, Soon, Undeclared};
pub use schedule::{Jobs, Request, Run, RunHandle, start_run};
pub use step::{Action, RunEnd, Step, StepEnd};
pub use wanted_by::{Want, remember, wanted_by};
