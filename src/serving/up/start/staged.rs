//! A client's variables and the services of its file. The client sends both to the supervisor in pieces, before the
//! request to start some of the services; until then they are staged here.

use std::ffi::OsString;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vx_base::system::variables::without_work_marks;
use vx_process::Inherited;

use vx_services::declared::reading::{ReadAt, ServiceFileReading};
use vx_services::declared::spec::Spec;

/// The largest request that a supervisor accepts: a variable may have 128 KiB, and each of its bytes up to six in JSON.
pub(in crate::serving::up) const REQUEST_BYTES: usize = 1024 * 1024;
/// The most bytes of variables in one request, unless a single variable is larger.
const PIECE_BYTES: usize = 16 * 1024;

/// A name or a value, as text if it is valid UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum VariableText {
    Text(String),
    Other(OsString),
}

impl From<String> for VariableText {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<OsString> for VariableText {
    fn from(text: OsString) -> Self {
        text.into_string().map_or_else(Self::Other, Self::Text)
    }
}

impl From<VariableText> for OsString {
    fn from(piece: VariableText) -> Self {
        match piece {
            VariableText::Text(text) => text.into(),
            VariableText::Other(text) => text,
        }
    }
}

/// The parameters of `up/environment`: some of a client's variables. Further requests send the others.
#[derive(Serialize, Deserialize)]
pub(in crate::serving::up) struct UpEnvironmentParams {
    variables: Vec<(VariableText, VariableText)>,
}

impl UpEnvironmentParams {
    /// All variables of this process, except those that mark it as part of other work.
    pub(in crate::serving::up) fn own() -> impl Iterator<Item = Self> {
        let mut left = without_work_marks().peekable();
        std::iter::from_fn(move || {
            let (mut variables, mut bytes) = (Vec::new(), 0);
            left.peek()?;
            while let Some((name, value)) = left.next_if(|(name, value)| {
                bytes += name.len() + value.len();
                variables.is_empty() || bytes <= PIECE_BYTES
            }) {
                variables.push((name.into(), value.into()));
            }
            Some(Self { variables })
        })
    }
}

/// Everything that one client has sent.
#[derive(Default)]
pub(in crate::serving::up) struct StagedDeclarations {
    variables: Vec<(OsString, OsString)>,
    inherited: Option<Inherited>,
    specs: Vec<Spec>,
}

impl StagedDeclarations {
    /// Add some of its variables. They must come before its services.
    pub(in crate::serving::up) fn add_variables(&mut self, some: UpEnvironmentParams) {
        self.variables.extend(some.variables.into_iter().map(|(name, value)| (name.into(), value.into())));
    }

    /// Add one of its services, which gets the variables sent so far.
    pub(in crate::serving::up) fn add_service(&mut self, mut spec: Spec) -> &Spec {
        if self.inherited.is_none() && !self.variables.is_empty() {
            self.inherited = Some(Inherited(Arc::new(std::mem::take(&mut self.variables))));
        }
        spec.inherited.clone_from(&self.inherited);
        self.specs.push(spec);
        &self.specs[self.specs.len() - 1]
    }

    /// The services as a reading of the file; `None` if the client has sent none.
    pub(in crate::serving::up) fn reading(self, read_at: ReadAt) -> Option<ServiceFileReading> {
        Some(ServiceFileReading { specs: self.specs, read_at }).filter(|reading| !reading.specs.is_empty())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;
    use vx_project::services::DeclaredService;

    #[test]
    fn variables_come_back_from_their_pieces_as_they_were_also_those_that_are_no_text() {
        let odd = OsString::from_vec(vec![b'x', 0xff]);
        let some = UpEnvironmentParams { variables: vec![("A".to_owned().into(), odd.clone().into())] };
        let sent = serde_json::to_string(&some).expect("JSON");
        let mut staged = StagedDeclarations::default();
        staged.add_variables(serde_json::from_str(&sent).expect("the same"));
        UpEnvironmentParams::own().for_each(|some| staged.add_variables(some));
        let spec = staged.add_service(Spec::for_service(DeclaredService::named("a")));
        let all = &spec.inherited.as_ref().expect("variables").0;
        assert_eq!(all[0], ("A".into(), odd));
        assert_eq!(all[1..], without_work_marks().collect::<Vec<_>>());
    }
}
