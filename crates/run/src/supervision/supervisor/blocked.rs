//! Naming the processes that do not stop, before they are killed.

use std::time::{Duration, Instant};

use vx_process::{Heeds, MemberProcess, members};
use vx_status::source::RequestFailure;

use super::{RunSupervisor, RunTaskStage, SupervisedChild};

/// Time after a request to stop at which the processes that ignore it are named.
pub(super) const PATIENCE: Duration = Duration::from_millis(700);

impl RunSupervisor {
    /// Report, for each child that had time to stop by itself and did not, the processes that hold it up.
    pub(super) fn report_blocked(&mut self) {
        let now = Instant::now();
        for task in &mut self.tasks {
            if let RunTaskStage::Running(at_work) = &mut task.stage
                && let SupervisedChild { process, look_at, .. } = &mut **at_work
                && look_at.is_some_and(|at| at <= now)
            {
                *look_at = None;
                if let Some(by) = named(&members(process.pid())) {
                    // The view may be gone or slow; this report is not essential.
                    let _ = self.failures.try_send(RequestFailure::Blocked { key: task.key.clone(), by });
                }
            }
        }
    }
}

/// Names of the processes that ignore the request, two at most; if all heed it, of any that have not ended yet.
fn named(members: &[MemberProcess]) -> Option<String> {
    let deaf = members.iter().filter(|member| member.heeds != Heeds::Acts).count();
    let shown = &members[..if deaf > 0 { deaf } else { members.len() }];
    let named: Vec<String> = shown.iter().take(2).map(ToString::to_string).collect();
    let more = shown.len().saturating_sub(named.len());
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_listen_is_named_before_who_is_only_slow() {
        let member = |pid, heeds| MemberProcess { pid, name: "sh".to_owned(), heeds };
        assert_eq!(named(&[]), None);
        let both = [member(7, Heeds::Ignores), member(3, Heeds::Acts)];
        assert_eq!(named(&both).as_deref(), Some("pid 7 (sh) ignores SIGTERM"));
        let slow = [3, 4, 5].map(|pid| member(pid, Heeds::Acts));
        let said = named(&slow).unwrap_or_default();
        assert_eq!(said, "pid 3 (sh) has not ended yet, pid 4 (sh) has not ended yet, and 1 more");
    }
}
