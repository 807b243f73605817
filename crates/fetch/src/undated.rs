//! Sources that give no times of publication: each is reported once per home.

use std::time::Duration;

use super::error::host_of;
use super::sources::Sources;
use crate::options::credentials::split;
use crate::tools::recipe::Recipe;

impl Sources {
    /// Return the host of a recipe's source on the first call in this home, and `None` from then on: a mirror without
    /// times won't have any the next day either.
    pub fn first_without_dates(&self, recipe: &Recipe) -> Option<String> {
        let list = self.client(recipe.source).archive_lists()?.list_address(&self.network, recipe)?;
        let host = host_of(&list)?;
        // A mirror's address may hold credentials, which belong in no cache.
        let top = split(list).0.join("/").ok()?;
        let name = format!("no-dates-{host}");
        if self.network.cache.recall::<bool>(&name, &top, Duration::MAX).is_some() {
            return None;
        }
        self.network.cache.remember(&name, &top, true);
        Some(host)
    }
}
