//! hornet: a library for values in a memory-mapped file, which the collector of Performance Co-Pilot reads.

use std::time::Duration;

use ::hornet::client::Client;
use ::hornet::client::metric::{Metric, Semantics, Unit};

use super::timed;

/// One value of an exported set.
pub(crate) struct Value {
    done: Metric<u64>,
    _client: Client,
}

impl Value {
    pub(crate) fn create() -> Self {
        let metric = |name| Metric::new(name, 0_u64, Semantics::Instant, Unit::new(), "", "").expect("a metric");
        let (mut done, mut total) = (metric("done"), metric("total"));
        let client = Client::new(&format!("vx-peers-{}", std::process::id())).expect("a client");
        client.export(&mut [&mut done, &mut total]).expect("an export");
        Self { done, _client: client }
    }
}

impl super::Writer for Value {
    fn publish(&mut self, _: usize, done: u64) {
        self.done.set_val(done).expect("a value set");
    }

    fn time(&mut self, count: u64) -> Duration {
        let done = &mut self.done;
        timed(count, |number| done.set_val(number).expect("a value set"))
    }
}
