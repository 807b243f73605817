//! The summary page of a GitHub step: a file that later commands of the step may append to as well.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use vx_status::source::StepPage;

/// The page in this file, which the first text creates.
#[derive(Debug)]
pub(super) struct StepPageFile(pub(super) PathBuf);

impl StepPageFile {
    fn open(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).open(&self.0)
    }
}

impl StepPage for StepPageFile {
    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.open()?.metadata()?.len())
    }

    fn append(&self, text: &str) -> io::Result<()> {
        self.open()?.write_all(text.as_bytes())
    }
}
