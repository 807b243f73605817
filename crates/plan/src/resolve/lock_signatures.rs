//! Adds signatures to entries of older locks, which name a registry's key but don't hold its signature.

use std::collections::BTreeMap;

use vx_base::package::archive::Signed;
use vx_base::package::source_kind::SourceKind;
use vx_base::system::parallel::in_parallel;
use vx_base::system::platform::Platform;
use vx_base::trouble::{Trouble, TroubleKind};
use vx_project::{LockedPart, LockedTool, ToolRequest};

use super::Resolver;

/// Most packages that are requested at once.
const PACKAGES_AT_ONCE: usize = 32;

/// Entries with signatures that they lacked before, and why others still lack theirs.
pub(super) type WithSignatures = (BTreeMap<String, LockedTool>, Vec<Trouble>);

impl Resolver<'_> {
    /// Request the signatures that the lock entries of these tools lack. Nothing else in an entry changes.
    pub(super) fn with_signatures<'a>(&self, asked: impl Iterator<Item = &'a ToolRequest>) -> WithSignatures {
        let entries = asked.filter_map(|ask| Some((ask, self.lock.tools.get(&ask.name)?)));
        let lacking = entries.filter(|(_, entry)| {
            entry.source.signs() && entry.platforms.values().flatten().any(|part| self.lacks(part))
        });
        let sound = lacking.filter(|(ask, entry)| self.forgery(ask, entry, &Platform::ALL).is_none());
        let sound: Vec<(&ToolRequest, &LockedTool)> = sound.collect();
        let mut parts: Vec<(&ToolRequest, SourceKind, &LockedPart)> = Vec::new();
        for (ask, entry) in &sound {
            for part in entry.platforms.values().flatten().filter(|part| self.lacks(part)) {
                if !parts.iter().any(|(_, _, known)| known.archive() == part.archive()) {
                    parts.push((ask, entry.source, part));
                }
            }
        }
        let answers =
            in_parallel(parts, PACKAGES_AT_ONCE, |(ask, source, part)| (part, self.signature(ask, source, part)));
        let signed = |part: &LockedPart| match answers.iter().find(|(known, _)| known.archive() == part.archive()) {
            Some((_, Ok(signed))) => part.clone().signed(signed.clone()),
            _ => part.clone(),
        };
        let entry = |entry: &LockedTool| {
            let parts =
                |(platform, parts): (&Platform, &Vec<LockedPart>)| (*platform, parts.iter().map(&signed).collect());
            LockedTool { platforms: entry.platforms.iter().map(parts).collect(), ..entry.clone() }
        };
        let entries = sound.iter().map(|&(ask, before)| (ask.name.clone(), before, entry(before)));
        let changed = entries.filter(|(_, before, now)| *before != now).map(|(tool, _, now)| (tool, now)).collect();
        (changed, answers.iter().filter_map(|(_, answer)| answer.clone().err()).collect())
    }

    /// Whether a part lacks a signature: the lock names its key, or signatures are required.
    fn lacks(&self, part: &LockedPart) -> bool {
        part.signature.is_none() && (part.signed_by.is_some() || self.sources.requires_signatures())
    }

    /// Request the signature of a locked part. Its registry must still have the same digest, and sign it.
    fn signature(&self, ask: &ToolRequest, source: SourceKind, part: &LockedPart) -> Result<Signed, Trouble> {
        let archive = part.archive();
        let doubt = |kind, reason: String| {
            let text = format!("`{}`: vx.lock still lacks the signature of {}: {reason}", ask.name, archive.package);
            Trouble::new(kind, text)
        };
        match self.sources.signature_now(source, archive) {
            Ok((digest, _)) if digest != archive.digest => {
                let reason = "its registry now has other bytes for this version".to_owned();
                Err(doubt(TroubleKind::Digest, reason))
            }
            Ok((_, signature)) => signature
                .signed()
                .cloned()
                .ok_or_else(|| doubt(TroubleKind::Signature, signature.lack().unwrap_or_default().to_owned())),
            Err(error) => {
                let Trouble { kind, text, .. } = Trouble::from_error(&error);
                Err(doubt(kind, text))
            }
        }
    }
}
