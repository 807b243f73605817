//! Published tools whose archive a test wants to serve slowly or faultily.

use vx_base::package::source_kind::SourceKind;
use vx_base::system::platform::Platform;
use vx_fetch::{Recipe, RecipeRequest};

use super::Sandbox;
use crate::support::registry::archive::{Entry, filler, script, tgz};
use crate::support::registry::{Npm, npm_archive_path};
use crate::support::server::{Reply, Request};

/// A published release of an npm tool.
pub(crate) struct Offer {
    /// The path of its archive on the server.
    pub(crate) path: String,
    /// Its bytes.
    pub(crate) archive: Vec<u8>,
}

impl Sandbox {
    /// Publish a release of a tool that npm carries, with this many bytes that do not compress.
    pub(crate) fn publish(&self, tool: &str, version: &str, filler_bytes: usize) -> Offer {
        let platform = Platform::current().expect("tests run where tools are known");
        let recipe = Recipe::for_tool(tool, &RecipeRequest::default(), &[], platform).expect("a tool of the catalogue");
        assert_eq!(recipe.source, SourceKind::Npm, "{tool} comes from elsewhere");
        let package = recipe.packages()[0].clone();
        let programs = recipe.programs(version, "");
        let mut entries: Vec<Entry> =
            programs.iter().map(|program| script(&format!("package/{}", program.path), version)).collect();
        entries.push(filler("package/share/filler", filler_bytes));
        let archive = tgz(&entries);
        self.registry().npm(&package, version, &archive, Npm::default());
        Offer { path: npm_archive_path(&package, version), archive }
    }

    /// Publish such a release, and send it at about this many bytes per second.
    pub(crate) fn publish_slowly(&self, tool: &str, version: &str, filler_bytes: usize, rate: u64) -> Offer {
        let offer = self.publish(tool, version, filler_bytes);
        self.registry().server().serve(&offer.path, Reply::ok(offer.archive.clone()).slow(rate));
        offer
    }

    /// Every request for this release's archive so far, without requests for its size alone.
    pub(crate) fn fetches(&self, offer: &Offer) -> Vec<Request> {
        let requests = self.registry().server().requests_for(&offer.path);
        requests.into_iter().filter(|request| request.method == "GET").collect()
    }
}
