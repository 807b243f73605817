//! Sources that give no times of publication, each named once in a home.

use std::time::Duration;

use super::error::host_of;
use super::sources::Sources;
use crate::options::credentials::split;
use crate::tools::recipe::Recipe;

impl Sources {
    /// The host of a recipe's source, the first time that it is asked for in this home. It is `None` from then on, since
    /// a mirror without times has none the next day either.
    pub fn first_without_dates(&self, recipe: &Recipe) -> Option<String> {
        let list = self.client(recipe.source).archive_lists()?.list_address(&self.network, recipe)?;
        let host = host_of(&list)?;
        // The address of a mirror may hold credentials, which no cache keeps.
        let top = split(list).0.join("/").ok()?;
        let name = format!("no-dates-{host}");
        if self.network.cache.recall::<bool>(&name, &top, Duration::MAX).is_some() {
            return None;
        }
        self.network.cache.remember(&name, &top, true);
        Some(host)
    }
}
