//! `vx doctor`: the faults of a home, a project and their surroundings, each with its consequences and its remedy.
//!
//! [`examine`] changes nothing. Each check has its own file below `doctor/` and only adds findings. [`mend`] carries
//! out the remedies that need no decision by the user, and examines everything once more.
//!
//! | | |
//! |---|---|
//! | `finding` | a fault with its remedy |
//! | `releases` | compares each release of the store with its receipt and its list of files |
//! | `archives` | compares the archives in the download cache with their digests |
//! | `leftovers` | the remains of dead processes in the home |
//! | `boards` | boards and logs of runs that are long over |
//! | `project` | compares vx.toml, vx.lock and the store with each other |
//! | `settings` | the configuration of npm, pip and uv |
//! | `places` | the home and the runtime directory themselves |
//! | `search_path` | PATH |
//! | `shims` | the links of `vx shims`, and programs in folders before vx's on PATH |
//! | `strays` | processes that killed runs left behind |
//! | `examine`, `examination` | all checks, and their subject |
//! | `mend` | carrying out remedies |

mod archives;
mod boards;
mod examination;
mod examine;
mod finding;
mod leftovers;
mod mend;
mod places;
mod project;
mod releases;
mod search_path;
mod settings;
mod shims;
mod strays;

pub use examine::{Diagnosis, DoctorOptions, examine};
pub use finding::{Finding, Remedy, Severity};
pub use mend::{Mended, mend};
