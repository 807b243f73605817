//! A project with the projects that it inherits from, and the tools that each contributes.
//!
//! Every tool is resolved, locked and installed by the project that declares it, with that project's settings and
//! consent; the other projects only see its programs.

use std::collections::BTreeMap;

use vx_fetch::tools::catalogue;
use vx_project::{ToolRequest, lineage};

use super::Workspace;

impl Workspace {
    /// The tools that the project at this depth contributes: all of its tools at depth 0, and further up those that no
    /// nearer project declares.
    pub fn given(&self, depth: usize) -> Vec<ToolRequest> {
        let lineage: Vec<_> = self.lineage().map(|workspace| &workspace.project).collect();
        let Some((giver, nearer)) = lineage.get(depth).zip(lineage.get(..depth)) else { return Vec::new() };
        let taken = |ask: &&ToolRequest| lineage::speaks_about(nearer, &ask.name, catalogue::is_same);
        giver.tools.iter().filter(|ask| !taken(ask)).cloned().collect()
    }

    /// The project and the projects that it inherits from, the nearest first.
    pub fn lineage(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.above)
    }

    /// The project at this depth; this project itself if there is no such depth.
    pub fn at_depth(&self, depth: usize) -> &Self {
        depth.checked_sub(1).and_then(|above| self.above.get(above)).unwrap_or(self)
    }

    /// The project as [`at_depth`](Self::at_depth) returns it.
    pub fn at_depth_mut(&mut self, depth: usize) -> &mut Self {
        match depth.checked_sub(1) {
            Some(above) if above < self.above.len() => &mut self.above[above],
            _ => self,
        }
    }

    /// The versions of the inherited tools that are locked further up.
    pub fn locked_above(&self) -> &BTreeMap<String, String> {
        &self.locked_above
    }

    /// The project further up that contributes this tool.
    pub fn giver(&self, tool: &str) -> Option<&Self> {
        let gives = |depth: &usize| self.given(*depth).iter().any(|ask| ask.name == tool);
        (1..=self.above.len()).find(gives).and_then(|depth| self.above.get(depth - 1))
    }

    /// Fill in the tools that the project declares and inherits, and the versions of the inherited tools.
    pub(super) fn take_stock(&mut self) {
        self.declared = (0..=self.above.len()).flat_map(|depth| self.given(depth)).collect();
        let own = self.project.tools.len();
        let above = self.declared.iter().skip(own).filter_map(|ask| {
            let giver = self.giver(&ask.name)?;
            let differences = giver.lock.differences(std::slice::from_ref(ask));
            let fits = !differences.iter().any(|difference| difference.tool == ask.name);
            let locked = giver.lock.tools.get(&ask.name).filter(|_| fits)?;
            Some((ask.name.clone(), locked.version.clone()))
        });
        self.locked_above = above.collect();
    }
}
