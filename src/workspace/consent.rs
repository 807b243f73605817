//! Consent: the one function that every door asks before a project may act.
//!
//! [`Consent::for_project`] finds the acting parts of a project and its user's standing on them; [`Consent::settle`]
//! asks, if somebody can answer; [`Consent::apply`] removes from the project what may not act. `Workspace::open` does
//! all three, so that no command sees a project with parts that may not act.

use std::path::{Path, PathBuf};

use vx_base::digest::{Algorithm, Digest};
use vx_base::files::agreed_file::{AgreedCheckout, AgreedFile};
use vx_base::package::source_kind::SourceKind;
use vx_base::paths::{Home, foreign, user_home};
use vx_base::system::variables::ClientVariables;
use vx_fetch::project_settings;
use vx_fetch::{ProjectSetting, SettingFiles, uncatalogued};
use vx_project::lineage::LineageBounds;
use vx_project::trust::consent_record::{self, AgreementRecord, ConsentRecord};
use vx_project::trust::{
    ActingPart, Checkout, ConsentKey, FoundSetting, NamedFile, PartWeight, TrustSubject, UntrustedLocation,
    Whereabouts, acting_parts, is_never_taken, part, refused_variables, take_out, variable_of_service,
};
use vx_project::{Project, ToolRequest, TrustSettings};

use super::consent_error::{ConsentError, Withheld};
use super::error::WorkError;
use super::frontend::{Frontend, Question, UserAnswer};
use super::policy::{Policy, in_build_service};
use crate::workspace::frontend::notice::Notice;

/// A user's standing on a project's acting parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentState {
    /// The file is the user's own, in the home.
    Own,
    /// There is nothing to agree to.
    Nothing,
    /// Everything may act in this run.
    All,
    /// The project lies in a folder that the user trusts.
    Folder,
    /// The user has agreed to exactly these parts.
    Agreed,
    /// Nobody has agreed: the parts may not act.
    Withheld,
}

/// How a command may get a missing consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConsentSource {
    /// Not at all.
    #[default]
    Nobody,
    /// By asking the user, if somebody can answer.
    User,
    /// As [`User`](Self::User), but in a known build service the command itself is the consent, for this run.
    UserOrCi,
    /// The user has given it with the command.
    Given,
}

/// The acting parts of a project, and its user's standing on them.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The project's file.
    pub file: PathBuf,
    /// The parts.
    pub parts: Vec<ActingPart>,
    /// The variables that are never taken from the project.
    pub refused: Vec<String>,
    /// The reason why the project counts as a stranger's, if it does.
    pub stranger: Option<UntrustedLocation>,
    /// The user's standing.
    pub standing: ConsentState,
    /// The key of the consent.
    pub key: ConsentKey,
    /// The digest of the parts.
    pub digest: Digest,
    /// The parts, except packages that the user has named on a command line.
    untyped: Vec<ActingPart>,
    /// The variables that the user's own file allows projects to set although they steer programs.
    allowed: Vec<String>,
    settings: SettingFiles,
    whereabouts: Whereabouts,
    policy: Policy,
}

impl Consent {
    /// The parts of this project, and its user's standing on them. Nobody is asked.
    ///
    /// # Errors
    /// `VX_TRUST` has an unknown value, or the user's own file cannot be used.
    pub fn for_project(home: &Home, project: &Project) -> Result<Self, WorkError> {
        let policy = Policy::from_environment()?;
        let whereabouts = Whereabouts::locate(&project.directory);
        let user = user_home(&ClientVariables::here());
        let trust = TrustSettings::of_home(home.root(), user.as_deref())?;
        let settings = settings_around(&whereabouts, home);
        let found: Vec<FoundSetting> = project_settings(&settings).into_iter().map(found_setting).collect();
        let contents = Checkout::from_whereabouts(&whereabouts);
        let subject = TrustSubject {
            project,
            settings: &found,
            uncatalogued: &uncatalogued_package,
            directory: &whereabouts.directory,
            top: &whereabouts.top,
            allowed: &trust.variables,
            contents: &contents,
        };
        let mut parts = acting_parts(&subject);
        let own = home.root().canonicalize().is_ok_and(|root| root == whereabouts.directory);
        let refused = if own { Vec::new() } else { refused_variables(&subject) };
        let stranger = UntrustedLocation::detect(&project.path, &whereabouts, &LineageBounds::of_machine());
        let key = whereabouts.key();
        let kept = consent_record::read(home, &key);
        let untyped: Vec<ActingPart> =
            parts.iter().filter(|part| !kept.has_typed(&digest_of_typed(part, &key.origin))).cloned().collect();
        let tree = (kept.is_tied() && !parts.is_empty()).then(|| tree_of(&contents));
        parts.extend(tree.clone());
        let digest = part::digest(&parts);
        let covers = |parts: &Digest| can_be_compared(tree.as_ref()) && kept.covers(parts, &key.origin);
        let untyped_with_tree: Vec<ActingPart> = untyped.iter().chain(&tree).cloned().collect();
        let standing = match policy {
            _ if own => ConsentState::Own,
            _ if parts.is_empty() => ConsentState::Nothing,
            Policy::All => ConsentState::All,
            Policy::None => ConsentState::Withheld,
            _ if stranger.is_some() => ConsentState::Withheld,
            _ if is_trusted(&whereabouts.directory, &found, &trust) => ConsentState::Folder,
            _ if untyped.is_empty() || covers(&digest) || covers(&part::digest(&untyped_with_tree)) => {
                ConsentState::Agreed
            }
            _ => ConsentState::Withheld,
        };
        let file = project.path.clone();
        let allowed = trust.variables;
        Ok(Self {
            file,
            parts,
            refused,
            stranger,
            standing,
            key,
            digest,
            untyped,
            allowed,
            settings,
            whereabouts,
            policy,
        })
    }

    /// Get the consent in this way if it is missing. If the user agrees, the agreement is stored.
    ///
    /// # Errors
    /// The agreement cannot be stored, or a file that was agreed to has changed meanwhile.
    pub fn settle(&mut self, home: &Home, asking: ConsentSource, frontend: &dyn Frontend) -> Result<(), WorkError> {
        if self.standing != ConsentState::Withheld || self.policy == Policy::None {
            return Ok(());
        }
        if asking == ConsentSource::UserOrCi && self.policy == Policy::Unset && in_build_service() {
            // Store nothing: a runner's home may outlive the run, and the next run may be a stranger's.
            frontend.notice(Notice::TrustedByCi { file: self.file.clone(), lines: self.lines() });
            self.standing = ConsentState::All;
            return Ok(());
        }
        if asking == ConsentSource::Given {
            self.standing = ConsentState::All;
            return if self.stranger.is_none() { self.agree(home) } else { Ok(()) };
        }
        if asking == ConsentSource::Nobody || self.stranger.is_some() {
            return Ok(());
        }
        match frontend.ask(&self.question(home)) {
            UserAnswer::Yes => self.agree(home),
            UserAnswer::No | UserAnswer::Nobody => Ok(()),
        }
    }

    /// Tie the consent to the tracked files: they become a part that this question and all later ones ask about.
    ///
    /// # Errors
    /// There are no tracked files that can be compared.
    pub fn tie(&mut self) -> Result<(), WorkError> {
        if !self.parts.is_empty() && !self.is_tied() {
            self.parts.push(tree_of(&Checkout::from_whereabouts(&self.whereabouts)));
            self.digest = part::digest(&self.parts);
            if self.standing == ConsentState::Agreed {
                self.standing = ConsentState::Withheld;
            }
        }
        self.check_tree()
    }

    /// Whether the consent is tied to the tracked files. Then it depends on more than a route can remember.
    pub fn is_tied(&self) -> bool {
        self.parts.iter().any(ActingPart::is_tree)
    }

    fn check_tree(&self) -> Result<(), WorkError> {
        match can_be_compared(self.parts.iter().find(|part| part.is_tree())) {
            true => Ok(()),
            false => Err(ConsentError::Untracked { top: self.whereabouts.top.clone() }.into()),
        }
    }

    /// Store the agreement to these parts, after comparing the files that they name with the contents that were shown.
    ///
    /// # Errors
    /// The agreement cannot be stored, or a file has changed.
    pub fn agree(&mut self, home: &Home) -> Result<(), WorkError> {
        self.check_tree()?;
        let contents = Checkout::from_whereabouts(&self.whereabouts);
        let mut files = self.parts.iter().flat_map(ActingPart::files);
        if let Some(changed) = files.find(|named| contents.again(named).as_ref() != Some(named)) {
            return Err(ConsentError::Changed { path: self.whereabouts.top.join(&changed.path) }.into());
        }
        let kept = consent_record::keep(home, &self.key, AgreementRecord::to(&self.parts));
        kept.map_err(|cause| ConsentError::NotKept { path: consent_record::path(home, &self.key), cause })?;
        self.standing = ConsentState::Agreed;
        Ok(())
    }

    /// Store that the user has typed these tools. This is an agreement to exactly the packages that the names stand
    /// for: to no other part, and regardless of what else changes. Returns the digests of the parts that were not
    /// stored before.
    ///
    /// # Errors
    /// The agreement cannot be stored.
    pub fn agree_to_typed(&self, home: &Home, tools: &[String]) -> Result<Vec<Digest>, WorkError> {
        let typed: Vec<Digest> = self.typed_by(tools).map(|part| digest_of_typed(part, &self.key.origin)).collect();
        let kept = consent_record::keep_typed(home, &self.key, &typed);
        kept.map_err(|cause| ConsentError::NotKept { path: consent_record::path(home, &self.key), cause }.into())
    }

    /// Check that typing these tools may count as consent to their packages.
    ///
    /// # Errors
    /// The project is a stranger's, or the user allows no project to act.
    pub fn check_typed(&self, tools: &[String]) -> Result<(), WorkError> {
        let never = self.stranger.is_some() || self.policy == Policy::None;
        if self.standing == ConsentState::Withheld && never && self.typed_by(tools).next().is_some() {
            return Err(self.refusal(tools));
        }
        Ok(())
    }

    /// The withheld parts that are fully described by the names of these tools.
    fn typed_by<'a>(&'a self, tools: &'a [String]) -> impl Iterator<Item = &'a ActingPart> {
        let named = |part: &&ActingPart| part.withholds().is_some_and(|tool| tools.iter().any(|typed| typed == tool));
        self.withheld().iter().filter(|part| part.is_named_by_tool()).filter(named)
    }

    /// Remove from the project what may not act, and tell each post-install command which files were agreed to.
    pub fn apply(&self, project: &mut Project) {
        let is_refused = |name: &str| self.refused.iter().any(|refused| refused == name);
        project.env.retain(|name, _| !is_refused(name));
        project.services.iter_mut().for_each(|service| service.env.retain(|name, _| !is_refused(name)));
        project.entries.retain(|entry| !variable_of_service(&entry.key).is_some_and(is_refused));
        take_out(project, self.withheld());
        for tool in project.tools.iter_mut().filter(|tool| tool.postinstall.is_some()) {
            let is_its =
                |part: &ActingPart| matches!(part, ActingPart::PostInstall { tool: of, .. } if *of == tool.name);
            tool.agreed = self.agreed_files(is_its);
        }
    }

    /// Whether a variable of this name is never taken from a file of the project, even with consent.
    pub fn refuses(&self, name: &str) -> bool {
        self.standing != ConsentState::Own && is_never_taken(name, &self.allowed)
    }

    /// The files and folders that these parts name, with the contents that the user has agreed to. Empty if a trusted
    /// folder or `VX_TRUST` lets the project act, since then contents don't matter.
    pub fn agreed_files(&self, is_wanted: impl Fn(&ActingPart) -> bool) -> Vec<AgreedFile> {
        let counts = self.standing == ConsentState::Agreed;
        let parts = self.parts.iter().filter(|part| counts && is_wanted(part));
        let (top, git_directory) = (&self.whereabouts.top, self.whereabouts.git_directory());
        let agreed = |named: &NamedFile| AgreedFile {
            path: top.join(&named.path),
            kind: named.kind,
            digest: named.digest.clone(),
            checkout: AgreedCheckout { top: top.clone(), git_directory: git_directory.clone() },
        };
        parts.flat_map(ActingPart::files).map(agreed).collect()
    }

    /// The parts that may not act.
    pub fn withheld(&self) -> &[ActingPart] {
        if self.standing == ConsentState::Withheld { &self.untyped } else { &[] }
    }

    /// Whether no part of the project is withheld.
    pub fn complete(&self) -> bool {
        self.withheld().is_empty()
    }

    /// The project's directory, without links.
    pub fn directory(&self) -> &Path {
        &self.whereabouts.directory
    }

    /// The settings of npm, uv and pip around the project, as they were read for this consent. Settings that need
    /// consent count only if it was given; that the project is the user's own file in the home is no consent to
    /// settings that strangers put above the home.
    pub fn settings(&self) -> SettingFiles {
        self.settings.clone().agreed(self.complete() && self.standing != ConsentState::Own)
    }

    /// The lines of all parts: variables first and commands last, right above the question.
    pub fn lines(&self) -> Vec<String> {
        AgreementRecord::to(&self.parts).lines
    }

    /// The question whether the parts may act, with the difference from what was agreed to last.
    pub fn question(&self, home: &Home) -> Question {
        let kept = self.kept(home);
        Question {
            variables: self.parts.iter().filter(|part| part.weight() == PartWeight::Variable).count(),
            moved: kept.is_of_another_origin(&self.digest, &self.key.origin),
            ..Question::new(self.file.clone(), AgreementRecord::to(&self.parts), kept.last())
        }
    }

    /// What was agreed to for this key.
    pub fn kept(&self, home: &Home) -> ConsentRecord {
        consent_record::read(home, &self.key)
    }

    /// The error for these tools or agents, which need consent.
    pub fn refusal(&self, tools: &[String]) -> WorkError {
        let about = |part: &&ActingPart| tools.iter().any(|tool| part.is_needed_by(tool));
        WorkError::Consent(ConsentError::Withheld(Withheld {
            file: self.file.clone(),
            tools: tools.to_vec(),
            lines: self.parts.iter().filter(about).map(ActingPart::line).collect(),
            stranger: self.stranger.clone(),
        }))
    }
}

/// The part that ties a consent to the tracked files.
fn tree_of(contents: &Checkout) -> ActingPart {
    ActingPart::Tree { files: contents.tree().into_iter().collect() }
}

/// Whether there is no tree, or one that can be compared with another.
fn can_be_compared(tree: Option<&ActingPart>) -> bool {
    tree.is_none_or(|tree| !tree.files().is_empty())
}

/// The digest of a part that was typed for a repository with this origin.
fn digest_of_typed(part: &ActingPart, origin: &str) -> Digest {
    let digest = part::digest(std::slice::from_ref(part));
    if origin.is_empty() {
        return digest;
    }
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(format!("{digest} {origin}").as_bytes());
    hasher.finish()
}

/// The files of git that the key of a consent depends on.
pub fn key_files(directory: &Path) -> Vec<PathBuf> {
    let whereabouts = Whereabouts::locate(directory);
    whereabouts.git_file.iter().cloned().chain(whereabouts.configuration()).collect()
}

/// The settings files around a project, by the variables of the client that is answered here.
fn settings_around(whereabouts: &Whereabouts, home: &Home) -> SettingFiles {
    let variables = ClientVariables::here();
    let variable = |name: &str| setting_variable(&variables, name);
    SettingFiles::around(&whereabouts.directory, &whereabouts.top, home.root(), &variable)
}

/// A variable by which npm, uv and pip find their settings. These programs know the user's home even without `HOME`.
pub(super) fn setting_variable(variables: &ClientVariables, name: &str) -> Option<String> {
    let value = match name {
        "HOME" => user_home(variables).map(PathBuf::into_os_string),
        name => variables.get(name),
    };
    value.and_then(|value| value.into_string().ok())
}

fn found_setting(ProjectSetting { file, name, value }: ProjectSetting) -> FoundSetting {
    FoundSetting { file, name, value }
}

fn uncatalogued_package(tool: &ToolRequest) -> Option<(SourceKind, String)> {
    let named = uncatalogued(&tool.name, tool.source, tool.package.as_deref())?;
    Some((named.source, named.package.to_owned()))
}

/// Whether the project, with all settings around it that it would follow, lies in a folder that the user trusts and
/// that belongs to the user alone.
fn is_trusted(directory: &Path, settings: &[FoundSetting], trust: &TrustSettings) -> bool {
    let mut folders = trust.folders.iter().filter_map(|folder| folder.canonicalize().ok());
    folders.any(|folder| {
        let all_inside = settings.iter().all(|setting| setting.file.starts_with(&folder));
        directory.starts_with(&folder) && all_inside && foreign(&folder).is_none()
    })
}
