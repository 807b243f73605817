//! Naming who does not stop, before it is killed for that.

use std::time::{Duration, Instant};

use super::{Answer, Scheduler, Stage};
use crate::process::{Heeds, Member, members};

/// How long a request to stop may take before it is looked who does not heed it.
pub(super) const PATIENCE: Duration = Duration::from_millis(700);

impl Scheduler {
    /// Of each child whose time to stop by itself is over, say who holds it up.
    pub(super) fn tell_who_does_not_stop(&mut self) {
        let now = Instant::now();
        for task in &mut self.tasks {
            if let Stage::Running { process, look_at, .. } = &mut task.stage
                && look_at.is_some_and(|at| at <= now)
            {
                *look_at = None;
                if let Some(by) = named(&members(process.pid())) {
                    // Nobody may be left to read it.
                    let _ = self.answers.try_send(Answer::Blocked { tool: task.tool.clone(), by });
                }
            }
        }
    }
}

/// Those that do not listen, two at most; where all do, whoever is still there.
fn named(members: &[Member]) -> Option<String> {
    let deaf = members.iter().filter(|member| member.heeds != Heeds::Acts).count();
    let who = &members[..if deaf > 0 { deaf } else { members.len() }];
    let said: Vec<String> = who.iter().take(2).map(ToString::to_string).collect();
    let more = who.len().saturating_sub(said.len());
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    (!said.is_empty()).then(|| format!("{}{more}", said.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_listen_is_named_before_who_is_only_slow() {
        let member = |pid, heeds| Member { pid, name: "sh".to_owned(), heeds };
        assert_eq!(named(&[]), None);
        let both = [member(7, Heeds::Ignores), member(3, Heeds::Acts)];
        assert_eq!(named(&both).as_deref(), Some("pid 7 (sh) ignores SIGTERM"));
        let slow = [3, 4, 5].map(|pid| member(pid, Heeds::Acts));
        let said = named(&slow).unwrap_or_default();
        assert_eq!(said, "pid 3 (sh) has not ended yet, pid 4 (sh) has not ended yet, and 1 more");
    }
}
