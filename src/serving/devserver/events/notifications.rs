//! The notifications for the clients of a supervisor: one bounded queue, in which each client has its own position.

use std::collections::{HashMap, VecDeque};

use vx_rpc::Notification;

use super::event::DevServerEvent;
use super::log::{LogEntry, MANAGER};

/// The most bytes that are kept for slow clients.
const KEPT_BYTES: usize = 1024 * 1024;
/// The most bytes that a client is sent at a time; a longer notification is sent alone.
const AT_ONCE_BYTES: usize = 128 * 1024;
/// The most bytes of log entries in one notification.
const LOG_BYTES: usize = 64 * 1024;

/// The latest notifications, and which of them each client still has to get.
#[derive(Default)]
pub(in crate::serving::devserver) struct NotificationQueue {
    kept: VecDeque<Notification>,
    bytes: usize,
    /// The number of the oldest notification in `kept`.
    first: u64,
    /// The number of the next notification for each client.
    places: HashMap<u64, u64>,
}

impl NotificationQueue {
    /// Send this client what is added from now on.
    pub(in crate::serving::devserver) fn join(&mut self, client: u64) {
        self.places.insert(client, self.first + self.kept.len() as u64);
    }

    /// Forget this client, which has disconnected.
    pub(in crate::serving::devserver) fn leave(&mut self, client: u64) {
        self.places.remove(&client);
    }

    /// Whether no client gets notifications.
    pub(in crate::serving::devserver) fn is_deserted(&self) -> bool {
        self.places.is_empty()
    }

    /// Add an event. Without clients it is not kept.
    pub(in crate::serving::devserver) fn add(&mut self, event: DevServerEvent) {
        if self.is_deserted() {
            return;
        }
        match event {
            DevServerEvent::Log(entries) => pieces(&entries).for_each(|piece| self.keep(&DevServerEvent::Log(piece))),
            other => self.keep(&other),
        }
    }

    fn keep(&mut self, event: &DevServerEvent) {
        let notification = Notification { method: event.name(), params: event.params().to_string() };
        self.bytes += notification.params.len();
        self.kept.push_back(notification);
        while self.bytes > KEPT_BYTES && self.kept.len() > 1 {
            self.bytes -= self.kept.pop_front().map_or(0, |oldest| oldest.params.len());
            self.first += 1;
        }
    }

    /// The next notifications for this client. If it was too slow, it learns how many it has missed and gets the
    /// `present` states, from which it can continue.
    pub(in crate::serving::devserver) fn next_for_client(
        &mut self,
        client: u64,
        present: impl FnOnce() -> Vec<DevServerEvent>,
    ) -> Vec<Notification> {
        let Some(place) = self.places.get_mut(&client) else { return Vec::new() };
        let (mut found, mut bytes) = (Vec::new(), 0);
        let missed = self.first.saturating_sub(*place);
        if missed > 0 {
            *place = self.first;
            let text = format!("{missed} notifications were dropped: this client reads too slowly");
            let entry = LogEntry::own("", MANAGER, "warn", text);
            let events = [DevServerEvent::Log(vec![entry])].into_iter().chain(present());
            found.extend(events.map(|event| Notification { method: event.name(), params: event.params().to_string() }));
        }
        let next = usize::try_from(*place - self.first).unwrap_or(usize::MAX);
        for notification in self.kept.iter().skip(next) {
            bytes += notification.params.len();
            if bytes > AT_ONCE_BYTES && !found.is_empty() {
                break;
            }
            found.push(notification.clone());
            *place += 1;
        }
        found
    }
}

/// Splits entries into pieces that each fit into a notification.
fn pieces(entries: &[LogEntry]) -> impl Iterator<Item = Vec<LogEntry>> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |entry: &&LogEntry| {
            bytes += entry.message.len();
            bytes <= LOG_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1).min(rest.len());
        let (piece, behind) = rest.split_at(count);
        rest = behind;
        (!piece.is_empty()).then(|| piece.to_vec())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(text: &str) -> DevServerEvent {
        DevServerEvent::Log(vec![LogEntry::own("foo", MANAGER, "info", text.to_owned())])
    }

    #[test]
    fn each_client_is_told_what_happens_after_it_came_once() {
        let mut news = NotificationQueue::default();
        news.add(log("before"));
        news.join(1);
        news.add(log("one"));
        news.join(2);
        news.add(log("two"));
        let mut told =
            |client| news.next_for_client(client, Vec::new).into_iter().map(|told| told.params).collect::<String>();
        let (first, second) = (told(1), told(2));
        assert!(first.contains("one") && first.contains("two") && !first.contains("before"), "{first}");
        assert!(second.contains("two") && !second.contains("one"), "{second}");
        assert_eq!((told(1), told(3)), (String::new(), String::new()));
    }

    #[test]
    fn a_slow_client_is_told_what_it_has_missed_and_the_present_states() {
        let mut news = NotificationQueue::default();
        news.join(1);
        let long = "x".repeat(LOG_BYTES);
        (0..40).for_each(|_| news.add(log(&long)));
        assert!(news.bytes <= KEPT_BYTES, "{}", news.bytes);
        let told = news.next_for_client(1, || vec![DevServerEvent::Errors("foo".into(), vec![])]);
        assert!(told[0].params.contains("notifications were dropped"), "{}", told[0].params);
        assert_eq!(told[1].params, r#"["foo",[]]"#);
        assert!(told.iter().map(|told| told.params.len()).sum::<usize>() < 2 * AT_ONCE_BYTES);
        news.leave(1);
        assert!(news.is_deserted() && news.next_for_client(1, Vec::new).is_empty());
    }

    #[test]
    fn entries_go_in_pieces_and_none_is_lost() {
        let entry = |length: usize| LogEntry::own("foo", MANAGER, "info", "x".repeat(length));
        let entries = [entry(10), entry(LOG_BYTES), entry(LOG_BYTES + 1), entry(5), entry(6)];
        let sizes: Vec<usize> = pieces(&entries).map(|piece| piece.len()).collect();
        assert_eq!(sizes, [1, 1, 1, 2]);
        assert_eq!(pieces(&[]).count(), 0);
    }
}
