//! The cost to a parent of following 64 children, at 1,000 reports a second each and without pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::PortFactory as _;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;
use ipc_channel::ipc::{IpcOneShotServer, IpcReceiver, IpcReceiverSet, IpcSelectionResult, IpcSender};

use crate::children::{self, CHILDREN, FRAME, Look, Pace, Run, Started, cpu, middle, report};
use crate::record::Wire;
use crate::stream::Owned;
use crate::table::{Limit, Report, Row};
use crate::{child, state};

const TURNS: usize = 3;
const STEADY: Pace = Pace { gap: Duration::from_millis(1), run: Duration::from_secs(3) };
const FLAT_OUT: Pace = Pace { gap: Duration::ZERO, run: Duration::from_millis(1_500) };

#[derive(Clone, Copy)]
enum Transport {
    Shared(children::Transport),
    IpcChannel,
    IpckitChannel,
    PublishSubscribe,
}

const TRANSPORTS: [(&str, Transport); 8] = [
    ("board, numbers, 60 times a second", Transport::Shared(children::Transport::Board(Look::Numbers))),
    ("board, whole snapshot, 60 times a second", Transport::Shared(children::Transport::Board(Look::Snapshot))),
    ("pipe per child, postcard", Transport::Shared(children::Transport::Pipes(Wire::Postcard, false))),
    ("pipe per child, JSON lines", Transport::Shared(children::Transport::Pipes(Wire::JsonLine, false))),
    (
        "pipe per child, postcard, read 60 times a second",
        Transport::Shared(children::Transport::Pipes(Wire::Postcard, true)),
    ),
    ("ipc-channel, a receiver set", Transport::IpcChannel),
    ("ipckit channel per child, a thread each", Transport::IpckitChannel),
    ("iceoryx2 publish/subscribe, read 60 times a second", Transport::PublishSubscribe),
];

pub(crate) fn run(report: &mut Report) {
    child::roam();
    let columns = ["% of a core", "ns a report", "reports a second"];
    let steady = table(
        report,
        "What does it cost a parent to follow 64 children, 1,000 reports a second each?",
        &columns,
        STEADY,
    );
    report.budget("parent of 64 children at 1 kHz", steady[0].0, Limit::AtMost(0.25, "% of a core"));
    let times = steady[2].1 / steady[0].1;
    report.budget("a report over pipes beside it", times, Limit::AtLeast(80.0, "times"));
    table(report, "The same, children reporting without pause", &columns, FLAT_OUT);
}

/// Percent of a core, nanoseconds a report, reports a second, of each transport.
fn table(report: &Report, question: &str, columns: &[&str], pace: Pace) -> Vec<(f64, f64, f64)> {
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); TRANSPORTS.len()];
    for _ in 0..TURNS {
        for ((_, transport), runs) in TRANSPORTS.iter().zip(&mut runs) {
            runs.push(transport.run(pace));
        }
    }
    let figures: Vec<_> = runs.iter().map(|runs| middle(runs)).collect();
    let rows: Vec<Row> = TRANSPORTS
        .iter()
        .zip(&figures)
        .map(|((name, _), (core, each, rate))| Row::new(name, &[*core, *each, *rate]))
        .collect();
    report.table(question, columns, &rows);
    figures
}

impl Transport {
    fn run(self, pace: Pace) -> Run {
        match self {
            Self::Shared(transport) => transport.run(pace),
            Self::IpcChannel => run_ipc_channel(pace),
            Self::IpckitChannel => run_ipckit(pace),
            Self::PublishSubscribe => run_publish(pace),
        }
    }
}

/// Watch the processor time of this process while `follow` counts reports, again and again.
fn measured(pace: Pace, mut follow: impl FnMut() -> u64) -> Run {
    let (before, began, mut reports) = (cpu(), Instant::now(), 0);
    while began.elapsed() < pace.run {
        reports += follow();
    }
    Run { cpu: cpu() - before, wall: began.elapsed(), reports }
}

fn run_ipc_channel(pace: Pace) -> Run {
    let mut set = IpcReceiverSet::new().expect("a set");
    let started: Vec<Started> = (0..CHILDREN)
        .map(|_| {
            let (server, name) = IpcOneShotServer::<IpcReceiver<Owned>>::new().expect("a server");
            let child = Started::child(&format!("fan-ipc-channel {name}"), pace.gap);
            let (_, receiver) = server.accept().expect("a connection");
            set.add(receiver).expect("room in the set");
            child
        })
        .collect();
    let mut follow = || {
        let results = set.select().expect("a set that can be waited for");
        let decode = |result| match result {
            IpcSelectionResult::MessageReceived(_, message) => Some(message.to::<Owned>().expect("a record").done),
            IpcSelectionResult::ChannelClosed(_) => None,
        };
        results.into_iter().filter_map(decode).count() as u64
    };
    follow();
    let run = measured(pace, follow);
    drop(started);
    run
}

fn run_ipckit(pace: Pace) -> Run {
    let counted = Arc::new(AtomicU64::new(0));
    let mut started = Vec::new();
    let mut threads = Vec::new();
    for number in 0..CHILDREN {
        let name = format!("vx-peers-fan-{}-{number}", std::process::id());
        let mut channel = ipckit::IpcChannel::<Owned>::create(&name).expect("a channel");
        started.push(Started::child(&format!("fan-ipckit {name}"), pace.gap));
        channel.wait_for_client().expect("a client");
        let counted = counted.clone();
        threads.push(std::thread::spawn(move || {
            while let Ok(record) = channel.recv() {
                std::hint::black_box(record.done);
                counted.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let mut last = counted.load(Ordering::Relaxed);
    let run = measured(pace, || {
        std::thread::sleep(FRAME);
        let now = counted.load(Ordering::Relaxed);
        now - std::mem::replace(&mut last, now)
    });
    drop(started);
    threads.into_iter().for_each(|thread| thread.join().expect("a thread that ends with its child"));
    run
}

fn run_publish(pace: Pace) -> Run {
    let node = state::node();
    let name = format!("vx-peers-fan-{}", std::process::id());
    let factory = service(&node, &name);
    let subscriber = factory.subscriber_builder().create().expect("a subscriber");
    let started: Vec<Started> =
        (0..CHILDREN).map(|_| Started::child(&format!("fan-publish {name}"), pace.gap)).collect();
    let drain = || {
        std::thread::sleep(FRAME);
        let mut count = 0;
        while let Ok(Some(sample)) = subscriber.receive() {
            std::hint::black_box(sample.payload());
            count += 1;
        }
        count
    };
    let began = Instant::now();
    while factory.dynamic_config().number_of_publishers() < CHILDREN as usize && began.elapsed().as_secs() < 20 {
        drain();
    }
    let run = measured(pace, drain);
    drop(started);
    drop(subscriber);
    node.blocking_cleanup_dead_nodes(Duration::from_secs(2)); // The children were killed.
    run
}

/// Room for the messages of 64 children in two frames; older ones are overwritten.
fn service(node: &Node<ipc::Service>, name: &str) -> PortFactory<ipc::Service, [u64; 24], ()> {
    let name: ServiceName = name.try_into().expect("a name");
    let builder = node.service_builder(&name).publish_subscribe::<[u64; 24]>();
    let builder = builder.enable_safe_overflow(true).subscriber_max_buffer_size(40).history_size(0);
    builder.max_publishers(CHILDREN as usize).max_nodes(CHILDREN as usize + 2).open_or_create().expect("a service")
}

/// Run a child of the peers; does nothing for other roles.
pub(crate) fn child(role: &str) {
    match role.split_once(' ') {
        Some(("fan-ipc-channel", name)) => {
            let (to, from) = ipc_channel::ipc::channel::<Owned>().expect("a channel");
            let hand_over = IpcSender::<IpcReceiver<Owned>>::connect(name.to_owned()).expect("a connection");
            hand_over.send(from).expect("a parent that listens");
            report(|done| to.send(Owned::new(0, done)).expect("a parent that reads"));
        }
        Some(("fan-ipckit", name)) => {
            let mut to = ipckit::IpcChannel::<Owned>::connect(name).expect("a channel");
            let mut record = Owned::new(0, 0);
            report(|done| {
                record.done = done;
                to.send(&record).expect("a parent that reads");
            });
        }
        Some(("fan-publish", name)) => {
            let node = state::node();
            let factory = service(&node, name);
            let publisher = factory.publisher_builder().create().expect("a publisher");
            let mut words = [7; 24];
            report(|done| {
                words[0] = done;
                publisher.send_copy(words).expect("a sample sent");
            });
        }
        _ => {}
    }
}
