//! Packages of the registries that ship programs: their names as tools, and the facts in their metadata.
//!
//! A package that the catalogue does not know is a tool under its name in the registry: `npm:NAME`, `pypi:NAME`. It
//! declares its programs itself, and can be a tool only if it contains everything that they need.
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
