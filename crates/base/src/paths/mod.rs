//! The places of vx: the home with store and caches, and the runtime directory with the boards.
//!
//! Variables that name places are read here, once, into plain values; the code above takes those as arguments.

mod file_system;
mod home;
mod linked;
mod ownership;
mod repository;
mod runtime;
mod settings_owner;
mod user;

pub use file_system::FileSystemKind;
pub use home::{Home, LAUNCHER_NAME, NoHome, VX_LINK_NAME};
pub use linked::leads_outside;
pub use ownership::{Foreign, foreign, same_owner};
pub use repository::repository_top;
pub use runtime::{
    RuntimeError, find_runtime_directory, is_asked_for, known_directories, runtime_directory, spare_directories,
};
pub use settings_owner::{Borders, SettingsOwner};
pub use user::user_home;
