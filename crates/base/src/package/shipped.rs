//! Packages of the registries that ship programs: their names as tools, and the facts that their own metadata gives.
//!
//! A package that the catalogue does not know is a tool under its name in the registry: `npm:NAME`, `pypi:NAME`. Its
//! programs are those that it declares itself. It counts only if it holds everything that they need.
//!
//! | | |
//! |---|---|
//! | `name` | `npm:@scope/name` as a name of a tool |
//! | `npm` | a `package.json`, from the registry or from an archive |
//! | `wheel` | the metadata inside of a wheel |
//! | `lack` | the reasons why a package cannot be a tool by itself |

mod name;
mod npm;
mod unshipped;
mod wheel;

pub use name::{BadPackage, NamedPackage, bare_name};
pub use npm::{NODE_MODULES, NpmManifest};
pub use unshipped::{Unshipped, UnshippedReason};
pub use wheel::WheelMetadata;
