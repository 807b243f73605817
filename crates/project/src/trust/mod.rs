//! Trust: which parts of a project can act, and the consent of its user to them.
//!
//! A project is data until its user agrees to the parts that can act: commands, variables, tools from the project's own
//! addresses. [`acting_parts`] finds these parts and [`take_out`] removes them from the project; both are pure.
//! [`consent_record`] stores the consent in the home, for the repository or folder that [`Whereabouts`] finds and for the
//! [`digest`](part::digest) of exactly those parts, so that an unrelated edit never asks again. Who may agree, and when
//! the user is asked, is decided above, in `src/workspace/consent.rs`.
//!
//! | | |
//! |---|---|
//! | `variables` | variables that are never taken from a project |
//! | `part` | a part that can act: its line of text, its canonical form, the digest of all parts |
//! | `shown_command` | shows a command without the secrets in its addresses |
//! | `named` | files that a command names, and their contents |
//! | `rule` | finds the acting parts of a project |
//! | `take_out` | removes these parts from a project |
//! | `whereabouts` | a project's repository, and the key of its consent |
//! | `origin` | the remote `origin` of that repository |
//! | `stranger` | projects that somebody else controls |
//! | `kept` | consents in the home |

mod command_files;
pub mod consent_record;
mod origin;
pub mod part;
mod rule;
mod shown_command;
mod take_out;
mod untrusted_location;
mod variables;
mod whereabouts;

pub use command_files::{Checkout, NamedFileLookup, compare_agreed, with_other_paths};
pub use part::{ActingPart, FoundSetting, NamedFile, PartWeight};
pub use rule::{TrustSubject, acting_parts, refused_variables, variable_of_service};
pub use shown_command::shown_command;
pub use take_out::take_out;
pub use untrusted_location::UntrustedLocation;
pub use variables::is_never_taken;
pub use whereabouts::{ConsentKey, Whereabouts};
