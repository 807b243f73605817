//! A project's share of a sync: the tools that it contributes, and what they resolve to.

use std::collections::BTreeMap;
use std::sync::Arc;

use vx_base::nearest::nearest;
use vx_base::trouble::Trouble;
use vx_fetch::Sources;
use vx_plan::{Plan, Resolution, ResolvedTool, Resolver};
use vx_project::{LockedTool, ToolRequest};
use vx_run::channel::slot_key;

use super::SyncOptions;
use crate::tools::installs::releases;
use crate::tools::installs::server_wait_notice::naming_the_silent;
use crate::tools::installs::wanted_by::WantedRelease;
use crate::workspace::error::WorkError;
use crate::workspace::frontend::Frontend;
use crate::workspace::frontend::notice::Notice;
use crate::workspace::frontend::run::{DeclarationLocation, DeclarationLocations};
use crate::workspace::project::{Access, Workspace};
use crate::workspace::withheld_notice::tell;

/// The tools of a sync that one project contributes.
pub(super) struct Share {
    /// The project's depth: 0 for the current project.
    pub(super) depth: usize,
    /// The tools that may be installed.
    pub(super) asked: Vec<ToolRequest>,
    /// The names of the tools for this system whose consent is missing.
    pub(super) withheld: Vec<String>,
    /// The sources, as the project configures them.
    pub(super) sources: Arc<Sources>,
}

/// The result of resolving a share.
pub(super) struct ResolvedShare {
    pub(super) plan: Plan,
    pub(super) wants: Vec<WantedRelease>,
    /// The lock entries to add or change.
    pub(super) locked: BTreeMap<String, LockedTool>,
}

impl Share {
    /// The shares of all projects that contribute one of the tools; the first is that of the current project. The
    /// frontend gets the notices about them.
    pub(super) fn all(
        workspace: &Workspace,
        options: &SyncOptions,
        frontend: &dyn Frontend,
    ) -> Result<Vec<Self>, WorkError> {
        let given: Vec<Vec<ToolRequest>> = (0..=workspace.above.len()).map(|depth| workspace.given(depth)).collect();
        check_names(workspace, &given, &options.tools)?;
        let mut shares = Vec::new();
        for (depth, (of, given)) in workspace.lineage().zip(given).enumerate() {
            tell(&of.home, &of.consent, frontend);
            let named = |ask: &ToolRequest| options.tools.is_empty() || options.tools.contains(&ask.name);
            let (asked, withheld) = of_catalogue(of, given.into_iter().filter(named));
            if depth > 0 && asked.is_empty() && withheld.is_empty() {
                continue;
            }
            of.notice_old_lock(frontend);
            let sources = Arc::new(of.sources(Access::of_run(&options.run)));
            shares.push(Self { depth, asked, withheld, sources });
        }
        Ok(shares)
    }

    /// A resolver with the project's lock and settings.
    pub(super) fn resolver<'a>(&'a self, workspace: &'a Workspace, frozen: bool) -> Resolver<'a> {
        let of = workspace.at_depth(self.depth);
        let lock_above = (self.depth > 0).then_some(of.project.directory.as_path());
        Resolver { frozen, lock_above, ..of.resolver(&self.sources) }
    }

    /// The differences between the lock of the project and the tools.
    pub(super) fn lock_differences(&self, workspace: &Workspace) -> Vec<String> {
        let of = workspace.at_depth(self.depth);
        if self.depth == 0 { of.lock_differences(&self.asked) } else { of.given_differences(&self.asked) }
    }
}

/// Where each tool of these shares is declared, by the key of its slot.
pub(super) fn declared(workspace: &Workspace, shares: &[Share]) -> DeclarationLocations {
    let of_share = |share: &Share| {
        let file = workspace.at_depth(share.depth).project.path.clone();
        let place = |ask: &ToolRequest| {
            let declaration = DeclarationLocation { file: file.clone(), line: ask.line };
            (slot_key(&ask.name).into_owned(), declaration)
        };
        share.asked.iter().map(place).collect::<Vec<_>>()
    };
    Arc::new(shares.iter().flat_map(of_share).collect())
}

/// Check that a project declares each of these names.
fn check_names(workspace: &Workspace, given: &[Vec<ToolRequest>], names: &[String]) -> Result<(), WorkError> {
    let known = || given.iter().flatten().map(|ask| ask.name.as_str());
    let Some(tool) = names.iter().find(|name| !known().any(|known| known == **name)) else { return Ok(()) };
    Err(WorkError::NotInProject {
        tool: tool.clone(),
        path: workspace.project.path.clone(),
        near: nearest(tool, known()).first().map(|near| (*near).to_owned()),
        above: None,
    })
}

/// Resolve and plan every share, those of projects further up first, since nearer tools may need tools from further up
/// to run.
pub(super) fn resolve(
    workspace: &Workspace,
    shares: &[Share],
    options: &SyncOptions,
    frontend: &dyn Frontend,
) -> Vec<ResolvedShare> {
    let mut versions = BTreeMap::new();
    let mut all = Vec::new();
    for share in shares.iter().rev() {
        let mut locked_above = workspace.at_depth(share.depth).locked_above().clone();
        locked_above.extend(std::mem::take(&mut versions));
        let resolver = share.resolver(workspace, options.frozen);
        let resolver = Resolver { locked_above: &locked_above, ..resolver };
        let resolution = naming_the_silent(&share.sources, frontend, || resolve_each(&resolver, &share.asked));
        let Resolution { wanted, locked, warnings, ages } = resolution;
        for warning in warnings {
            frontend.notice(Notice::Resolution(warning));
        }
        for remark in ages {
            frontend.notice(Notice::Age(remark));
        }
        let wants = releases::wants(&wanted);
        versions = locked_above;
        versions.extend(wants.iter().map(|want| (want.tool.clone(), want.version.clone())));
        let mut plan = releases::plan_for(&workspace.home, &share.sources, wanted, options.run.force);
        for doubt in plan.doubts.drain(..) {
            frontend.notice(Notice::Resolution(doubt));
        }
        all.push(ResolvedShare { plan, wants, locked });
    }
    all.reverse();
    all
}

/// Resolve these tools. If a tool needs an undeclared tool, or is unknown to vx, only that tool fails.
fn resolve_each(resolver: &Resolver<'_>, asked: &[ToolRequest]) -> Resolution {
    let undeclared = resolver.undeclared(asked);
    let is_alone = |ask: &ToolRequest| undeclared.iter().any(|error| error.tool == ask.name);
    let usable: Vec<ToolRequest> = asked.iter().filter(|ask| !is_alone(ask)).cloned().collect();
    let mut resolution = resolver.resolve(&usable, |_| false);
    for error in &undeclared {
        let optional = asked.iter().any(|ask| ask.name == error.tool && ask.optional);
        let found = vx_plan::ToolResolution::Nothing { error: Trouble::from_error(error) };
        resolution.wanted.push(ResolvedTool { tool: error.tool.clone(), optional, found });
    }
    resolution
}

/// The tools that may be installed, and the names of the tools for this system whose consent is missing.
pub(crate) fn of_catalogue(
    workspace: &Workspace,
    asked: impl IntoIterator<Item = ToolRequest>,
) -> (Vec<ToolRequest>, Vec<String>) {
    let (withheld, asked): (Vec<_>, Vec<_>) = asked.into_iter().partition(|ask| ask.withheld);
    let here = withheld.into_iter().filter(|ask| ask.wanted_on(workspace.platform.os));
    (asked, here.map(|ask| ask.name).collect())
}
