//! Sources that give no times of publication, each named once in a home.

use std::time::Duration;

use vx_base::package::candidate::SourceKind;

use super::credentials::split;
use super::error::host_of;
use super::recipe::Recipe;
use super::sources::Sources;

impl Sources {
    /// The host of a recipe's source, the first time that it is asked for in this home. It is `None` from then on, since
    /// a mirror without times has none the next day either.
    pub fn first_without_dates(&self, recipe: &Recipe) -> Option<String> {
        let list = match recipe.source {
            SourceKind::Npm => self.npm.list_of(recipe.packages().first()?).ok()?,
            SourceKind::Pypi => self.pypi.address(&self.cache).ok()?,
            SourceKind::Vendor => self.vendor.list_of(recipe.vendor.as_ref()?).ok()?,
            SourceKind::Url | SourceKind::System => return None,
        };
        let host = host_of(&list)?;
        // The address of a mirror may hold credentials, which no cache keeps.
        let top = split(list).0.join("/").ok()?;
        let name = format!("no-dates-{host}");
        if self.cache.recall::<bool>(&name, &top, Duration::MAX).is_some() {
            return None;
        }
        self.cache.remember(&name, &top, true);
        Some(host)
    }
}
