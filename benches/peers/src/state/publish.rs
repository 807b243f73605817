//! iceoryx2's publish/subscribe, with room for the newest sample only: older ones are overwritten.

use std::path::Path;
use std::time::Duration;

use iceoryx2::port::publisher::Publisher as Port;
use iceoryx2::port::subscriber::Subscriber as ReaderPort;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use super::blackboard::{Record, Value, node};
use super::{timed, unique};

type Factory = PortFactory<ipc::Service, Record, ()>;

fn service(node: &Node<ipc::Service>, place: &Path) -> Factory {
    let name: ServiceName = unique(place).as_str().try_into().expect("a name");
    let builder = node.service_builder(&name).publish_subscribe::<Record>();
    let builder = builder.enable_safe_overflow(true).subscriber_max_buffer_size(2).history_size(1);
    builder.open_or_create().expect("a service")
}

/// The one publisher.
pub(crate) struct Publisher {
    port: Port<ipc::Service, Record, ()>,
    _factory: Factory,
    _node: Node<ipc::Service>,
}

impl Publisher {
    pub(crate) fn create(place: &Path) -> Self {
        let node = node();
        let factory = service(&node, place);
        let port = factory.publisher_builder().create().expect("a publisher");
        Self { port, _factory: factory, _node: node }
    }
}

impl super::Writer for Publisher {
    fn publish(&mut self, _: usize, done: u64) {
        self.port.send_copy(Record::of(done)).expect("a sample sent");
    }

    fn time(&mut self, count: u64) -> Duration {
        let mut value = Record::of(0);
        timed(count, |done| {
            value.set(done);
            self.port.send_copy(*std::hint::black_box(&value)).expect("a sample sent");
        })
    }
}

/// A subscriber.
pub(crate) struct Subscriber {
    port: ReaderPort<ipc::Service, Record, ()>,
    newest: u64,
    _factory: Factory,
    _node: Node<ipc::Service>,
}

impl Subscriber {
    pub(crate) fn open(place: &Path) -> Self {
        let node = node();
        let factory = service(&node, place);
        let port = factory.subscriber_builder().buffer_size(1).create().expect("a subscriber");
        Self { port, newest: 0, _factory: factory, _node: node }
    }
}

impl super::Reader for Subscriber {
    fn look(&mut self) -> u64 {
        if let Ok(Some(sample)) = self.port.receive() {
            self.newest = sample.payload().done();
        }
        self.newest
    }

    fn look_at_all(&mut self) {
        self.look();
    }
}
