//! An error as a document, in which a process of vx passes it to the process that started it.

use serde::{Deserialize, Serialize};

use super::{Trouble, TroubleKind};

/// The document: one line of JSON.
#[derive(Serialize, Deserialize)]
struct TroubleDocument {
    error: Fields,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    kind: String,
    text: String,
    details: Vec<String>,
    hint: Option<String>,
}

impl Trouble {
    /// The error as a document in one line.
    pub fn to_document(&self) -> String {
        let Self { kind, text, details, hint } = self.clone();
        let error = Fields { kind: kind.name().to_owned(), text, details, hint };
        serde_json::to_string(&TroubleDocument { error }).unwrap_or_default()
    }

    /// Reads the error from a document; `None` if the line isn't one.
    pub fn of_document(line: &str) -> Option<Self> {
        let TroubleDocument { error: Fields { kind, text, details, hint } } = serde_json::from_str(line).ok()?;
        Some(Self { kind: kind.parse().unwrap_or(TroubleKind::Exit), text, details, hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_comes_back_from_its_document_as_it_was() {
        let trouble = Trouble::new(TroubleKind::Consent, "no: `error: x`\nhint: y").hinted("`vx trust`");
        let document = trouble.to_document();
        assert!(!document.contains('\n'));
        assert_eq!(Trouble::of_document(&document), Some(trouble));
        for other in ["", "error: x", "{}", "{\"error\":\"x\"}"] {
            assert_eq!(Trouble::of_document(other), None, "{other}");
        }
    }
}
