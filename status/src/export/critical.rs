//! The critical path: the phases that determined the length of the run.
//!
//! It is followed backwards from the tool that ended last, through its phases to its start. From there it continues
//! with the tool whose end made room for that start, and so on to the beginning of the run.

use super::timeline::{PhaseSpan, RunTimeline};

/// Longest time between the end of one tool and the start of another that waited for it, in nanoseconds.
const HANDOVER_NS: u64 = 50_000_000;

/// One stretch of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The tool, as an index into [`RunTimeline::tools`].
    pub tool: usize,
    /// Time and phase of the tool.
    pub stretch: PhaseSpan,
}

/// Find the path, first stretch first. Its stretches do not overlap.
pub fn critical_path(course: &RunTimeline) -> Vec<Link> {
    let mut path = Vec::new();
    let end_of = |tool: usize| course.tools[tool].stretches.last().map_or(0, |stretch| stretch.until_ns);
    let working = |tool: &usize| course.tools[*tool].worked();
    let Some(mut tool) = (0..course.tools.len()).filter(working).max_by_key(|tool| end_of(*tool)) else {
        return path;
    };
    let mut visited = vec![false; course.tools.len()];
    let mut until_ns = end_of(tool);
    loop {
        visited[tool] = true;
        let own = course.tools[tool].stretches.iter().rev().filter(|stretch| !stretch.phase.is_first());
        for stretch in own {
            let stretch = PhaseSpan { until_ns: stretch.until_ns.min(until_ns), ..*stretch };
            if stretch.from_ns < stretch.until_ns {
                path.push(Link { tool, stretch });
                until_ns = stretch.from_ns;
            }
        }
        // A tool that ended just before this one began made room for it; if there is none, this one began with the run.
        let gave_way = |other: &usize| {
            let end_ns = end_of(*other);
            !visited[*other] && working(other) && end_ns <= until_ns && until_ns - end_ns <= HANDOVER_NS
        };
        match (0..course.tools.len()).filter(gave_way).max_by_key(|other| end_of(*other)) {
            Some(before) => tool = before,
            None => break,
        }
        until_ns = until_ns.min(end_of(tool));
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::super::timeline::tests::{run, tasks};
    use super::*;
    use crate::vocabulary::Phase;

    #[test]
    fn the_path_goes_through_the_tool_that_made_room_for_the_last_one() {
        let course = run();
        let path = critical_path(&course);
        let links: Vec<(usize, Phase)> = path.iter().map(|link| (link.tool, link.stretch.phase)).collect();
        assert_eq!(
            links,
            [
                (0, Phase::RESOLVING),
                (0, Phase::DOWNLOADING),
                (0, Phase::VERIFYING),
                (0, Phase::EXTRACTING),
                (0, Phase::LINKING),
                (2, Phase::RESOLVING),
                (2, Phase::DOWNLOADING)
            ]
        );
        assert!(path.windows(2).all(|two| two[0].stretch.until_ns <= two[1].stretch.from_ns));
    }

    #[test]
    fn the_wait_of_a_task_for_its_turn_is_not_on_the_path() {
        let links: Vec<_> = critical_path(&tasks()).iter().map(|link| (link.tool, link.stretch.phase.name())).collect();
        assert_eq!(links, [(0, "preparing"), (0, "running"), (1, "running"), (1, "finishing")]);
    }

    #[test]
    fn a_run_in_which_nothing_was_done_has_none() {
        assert_eq!(critical_path(&RunTimeline::default()), []);
    }
}
