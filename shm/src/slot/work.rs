//! The work for which a slot is wanted: its name, and what is known about it before it begins.

use std::time::Duration;

use crate::layout::{IdentityImage, NO_PARENT, encode_text, hash_key};
use crate::liveness::beats;
use crate::liveness::process::SlotWriterProcess;
use crate::progress::Kind;

/// What a slot is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct SlotWork<'a> {
    /// Unique among the board's slots that have not ended. Readers see its first 94 bytes; longer keys are still told
    /// apart, by their hash.
    pub key: &'a str,
    /// Version of the key (at most 46 bytes), or empty.
    pub version: &'a str,
    /// What kind of work it is.
    pub kind: Kind,
    /// Slot of the same board that this work is a part of.
    pub parent: Option<u32>,
    /// Process that can be asked to stop, restart or retry the work.
    pub runner: Option<u32>,
    /// Process group of the work.
    pub process_group: Option<u32>,
    /// How much work there is, if that is known beforehand: the total of the first step.
    pub total: Option<u64>,
    /// Process that writes the slot's log in place of the slot's own writer: the one that captures the output.
    pub log_writer: Option<u32>,
}

/// A slot reserved for a process that is about to be started: all that the process needs to claim it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reservation {
    /// Place of the slot in the table.
    pub slot: u32,
    /// Generation of the slot, which identifies the life that was reserved.
    pub generation: u32,
}

impl<'a> SlotWork<'a> {
    /// Work with a name and nothing else.
    pub const fn new(key: &'a str, version: &'a str, kind: Kind) -> Self {
        Self { key, version, kind, parent: None, runner: None, process_group: None, total: None, log_writer: None }
    }

    /// Build the identity of a new life of a slot for this work.
    pub(super) fn identity(
        &self,
        generation: u32,
        origin: u8,
        writer: SlotWriterProcess,
        now_ns: u64,
    ) -> IdentityImage {
        let parent_slot = self.parent.and_then(|parent| u16::try_from(parent).ok()).unwrap_or(NO_PARENT);
        let unclaimed = IdentityImage {
            generation,
            kind: self.kind.number(),
            origin,
            parent_slot,
            claimed_at: now_ns,
            key_hash: hash_key(self.key),
            runner: self.runner.unwrap_or(0),
            process_group: self.process_group.unwrap_or(0),
            log_writer: self.log_writer.unwrap_or(0),
            key: encode_text(self.key),
            version: encode_text(self.version),
            ..IdentityImage::default()
        };
        claimed_by(unclaimed, writer, beats::INTERVAL)
    }
}

/// Put this writer, which beats at this interval, into the identity. Changes nothing if the writer is not known yet.
pub(super) fn claimed_by(
    identity: IdentityImage,
    SlotWriterProcess { mark, uid }: SlotWriterProcess,
    beat_every: Duration,
) -> IdentityImage {
    if mark.pid == 0 {
        return identity;
    }
    IdentityImage {
        pid: mark.pid,
        start_time: mark.start_time,
        namespace: mark.namespace,
        time_namespace: mark.time_namespace,
        uid,
        beat_interval_ms: u32::try_from(beat_every.as_millis()).unwrap_or(u32::MAX),
        ..identity
    }
}
