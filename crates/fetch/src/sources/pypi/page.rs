//! A package's page, as JSON or HTML.

use std::collections::BTreeMap;

use html5gum::{Token, Tokenizer};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wheel;
use crate::documents::http::FetchedDocument;
use crate::documents::list_entry::{ListEntry, PassedOver};
use crate::error::SourceErrorKind;

/// Version of the index's interface; all its minor versions are read.
const INTERFACE_MAJOR: u32 = 1;

/// A package's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PythonPackagePage {
    pub(super) files: Vec<File>,
    /// Files that can't be used as they are described.
    #[serde(default, skip_serializing_if = "PassedOver::is_empty")]
    pub(super) passed_over: PassedOver,
    /// Whether some wheels fit no platform, such as those with modules only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_other_wheels: bool,
}

/// A file. Only wheels that fit some platform are kept, since no other file holds ready-made programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) yanked: bool,
    /// When it was uploaded, which only JSON pages of newer indexes say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uploaded: Option<Timestamp>,
    /// Address of its attestations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) provenance: Option<String>,
}

#[derive(Deserialize)]
struct RawPage {
    #[serde(default)]
    meta: Value,
    files: Vec<ListEntry<RawFile>>,
}

#[derive(Deserialize)]
struct RawFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: Value,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    yanked: Value,
    #[serde(default, rename = "upload-time")]
    upload_time: Value,
    #[serde(default)]
    provenance: Value,
}

impl PythonPackagePage {
    /// Find the last upload of each version. A file can be added to a version at any time, for any platform, and a lock
    /// names the files of all platforms: a version is as young as its youngest file.
    pub(super) fn uploads(&self) -> BTreeMap<String, Timestamp> {
        let mut uploads: BTreeMap<String, Timestamp> = BTreeMap::new();
        for file in &self.files {
            if let (Some(version), Some(uploaded)) = (wheel::version(&file.name), file.uploaded) {
                let last = uploads.entry(version).or_insert(uploaded);
                *last = uploaded.max(*last);
            }
        }
        uploads
    }

    pub(super) fn read(document: &FetchedDocument) -> Result<Self, SourceErrorKind> {
        if document.content_type.contains("json") || document.bytes.trim_ascii_start().starts_with(b"{") {
            return from_json(document);
        }
        if document.is_html() {
            return from_html(document);
        }
        Err(SourceErrorKind::Garbage("neither JSON nor HTML".into()))
    }
}

fn from_json(document: &FetchedDocument) -> Result<PythonPackagePage, SourceErrorKind> {
    let raw = serde_json::from_slice::<RawPage>(&document.bytes);
    // A page of another interface may have anything in place of the list of files.
    let meta = match &raw {
        Ok(page) => page.meta.clone(),
        Err(_) => serde_json::from_slice::<Value>(&document.bytes).map(|page| page["meta"].clone()).unwrap_or_default(),
    };
    meta["api-version"].as_str().map_or(Ok(()), check_version)?;
    let raw = raw.map_err(|error| SourceErrorKind::Garbage(error.to_string()))?;
    let mut page = PythonPackagePage::default();
    for listed in raw.files {
        let (name, file) = match listed {
            ListEntry::Sound(raw) => (raw.filename.clone(), file(document, raw)),
            ListEntry::Bad(bad) => (bad.get("filename").and_then(Value::as_str).unwrap_or("?").to_owned(), None),
        };
        match file {
            Some(file) if wheel::fits_any(&name) => page.files.push(file),
            Some(_) if wheel::version(&name).is_some() => page.has_other_wheels = true,
            None if wheel::fits_any(&name) || !is_distribution(&name) => page.passed_over.add(&name),
            _ => {}
        }
    }
    match page.passed_over.names() {
        [first, ..] if page.files.is_empty() => {
            Err(SourceErrorKind::Garbage(format!("none of its files can be used, such as `{first}`")))
        }
        _ => Ok(page),
    }
}

fn file(document: &FetchedDocument, raw: RawFile) -> Option<File> {
    Some(File {
        url: document.url.join(&raw.url).ok()?.to_string(),
        name: raw.filename,
        sha256: raw.hashes.get("sha256").and_then(Value::as_str).map(str::to_owned),
        size: raw.size,
        // The value is a reason or `true`, and an empty reason counts too.
        yanked: raw.yanked.is_string() || raw.yanked == Value::Bool(true),
        uploaded: raw.upload_time.as_str().and_then(|text| text.parse().ok()),
        provenance: raw.provenance.as_str().and_then(|text| document.url.join(text).ok()).map(String::from),
    })
}

fn from_html(document: &FetchedDocument) -> Result<PythonPackagePage, SourceErrorKind> {
    let mut base = document.url.clone();
    let mut files = Vec::new();
    let mut has_other_wheels = false;
    let mut is_index = false;
    for Ok(token) in Tokenizer::new(document.bytes.as_slice()) {
        let Token::StartTag(tag) = token else { continue };
        let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        match tag.name.as_slice() {
            b"base" => base = attribute(b"href").and_then(|href| base.join(&href).ok()).unwrap_or(base),
            b"meta" if attribute(b"name").is_some_and(|name| name == "pypi:repository-version") => {
                is_index = true;
                attribute(b"content").as_deref().map_or(Ok(()), check_version)?;
            }
            b"a" => {
                let Some(mut url) = attribute(b"href").and_then(|href| base.join(&href).ok()) else { continue };
                let fragment = url.fragment().unwrap_or_default().to_owned();
                url.set_fragment(None);
                let last = url.path_segments().and_then(Iterator::last).unwrap_or_default();
                let name = percent_decode_str(last).decode_utf8_lossy().into_owned();
                is_index |= is_distribution(&name);
                if !wheel::fits_any(&name) {
                    has_other_wheels |= wheel::version(&name).is_some();
                    continue;
                }
                let sha256 = fragment.split('&').find_map(|pair| pair.strip_prefix("sha256=")).map(str::to_owned);
                let yanked = tag.attributes.contains_key(b"data-yanked".as_slice());
                let provenance = attribute(b"data-provenance").and_then(|address| base.join(&address).ok());
                let (url, provenance) = (url.to_string(), provenance.map(String::from));
                files.push(File { name, url, sha256, size: None, yanked, uploaded: None, provenance });
            }
            _ => {}
        }
    }
    // A page without files and without the index's marker isn't an index's: it is a captive portal's, or an error's.
    if is_index {
        Ok(PythonPackagePage { files, has_other_wheels, ..PythonPackagePage::default() })
    } else {
        Err(SourceErrorKind::WebPage)
    }
}

/// Refuse a page of an interface version that this code wasn't written for, as PEP 691 asks: the same words may mean
/// something else there. A page without a version has 1.0.
fn check_version(text: &str) -> Result<(), SourceErrorKind> {
    let major = text.split('.').next().and_then(|major| major.trim().parse::<u32>().ok());
    match major.is_some_and(|major| major > INTERFACE_MAJOR) {
        true => Err(SourceErrorKind::NewerInterface(text.to_owned())),
        false => Ok(()),
    }
}

fn is_distribution(name: &str) -> bool {
    [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".egg", ".exe", ".msi"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn read(content_type: &str, body: &str) -> Result<PythonPackagePage, SourceErrorKind> {
        let url = Url::parse("https://h.invalid/simple/a/").unwrap();
        PythonPackagePage::read(&FetchedDocument {
            url,
            content_type: content_type.into(),
            etag: None,
            changed: None,
            bytes: body.into(),
        })
    }

    #[test]
    fn both_languages_say_the_same() {
        let json = r#"{"files":[
            {"filename":"a-1-py3-none-win_amd64.whl","url":"../../f/a-1-py3-none-win_amd64.whl","hashes":{"sha256":"ab"},"yanked":"broken","provenance":"../../p/a-1"},
            {"filename":"a-1.tar.gz","url":"x","hashes":{}},
            {"filename":"a-2-py3-none-win_amd64.whl","url":"https://o.invalid/a-2-py3-none-win_amd64.whl","hashes":{},"yanked":false,"provenance":null}]}"#;
        let html = r#"<!DOCTYPE html><html><body><a href="../../f/a-1-py3-none-win_amd64.whl#sha256=ab" data-yanked="" data-provenance="../../p/a-1">a</a>
            <a href="/a-1.tar.gz">x</a> <A HREF='https://o.invalid/a-2-py3-none-win_amd64.whl' data-requires-python="&gt;=3">2</A>"#;
        let from_json = read("application/vnd.pypi.simple.v1+json", json).unwrap();
        assert_eq!(from_json, read("text/html", html).unwrap());
        assert_eq!(from_json.files[0].url, "https://h.invalid/f/a-1-py3-none-win_amd64.whl");
        assert!(from_json.files[0].yanked && !from_json.files[1].yanked);
        let addresses = from_json.files.iter().map(|file| file.provenance.as_deref()).collect::<Vec<_>>();
        assert_eq!(addresses, [Some("https://h.invalid/p/a-1"), None]);
    }

    #[test]
    fn a_file_that_makes_no_sense_hides_no_other() {
        let json = r#"{"files":[3, {"filename":"b-1-py3-none-win_amd64.whl"},
            {"filename":"c-1-py3-none-win_amd64.whl","url":"http://[","hashes":{}},
            {"filename":"d-1.tar.gz","url":"http://["},
            {"filename":"a-1-py3-none-win_amd64.whl","url":"a.whl","hashes":{"sha256":"ab"}}]}"#;
        let page = read("application/json", json).unwrap();
        assert_eq!(page.files.len(), 1);
        assert_eq!(page.passed_over.names(), ["?", "b-1-py3-none-win_amd64.whl", "c-1-py3-none-win_amd64.whl"]);
    }

    #[test]
    fn a_version_is_as_young_as_its_youngest_file() {
        let file =
            |name: &str, time: &str| format!(r#"{{"filename":"{name}","url":"x","hashes":{{}},"upload-time":{time}}}"#);
        let files = [
            file("a-1-py3-none-win_amd64.whl", r#""2026-01-01T00:00:00.5Z""#),
            file("a-1-py3-none-macosx_11_0_arm64.whl", r#""2026-03-01T00:00:00Z""#),
            file("a-2-py3-none-win_amd64.whl", r#""2026-02-01T00:00:00Z""#),
            file("a-3-py3-none-win_amd64.whl", "7"),
        ];
        let page = read("application/json", &format!(r#"{{"files":[{}]}}"#, files.join(","))).unwrap();
        let shown: Vec<String> = page.uploads().iter().map(|(version, time)| format!("{version} {time}")).collect();
        assert_eq!(shown, ["1 2026-03-01T00:00:00Z", "2 2026-02-01T00:00:00Z"]);
    }

    #[test]
    fn addresses_follow_the_pages_base_and_names_are_decoded() {
        let page =
            read("", "<html><base href='/files/'><a href='a%2Bb-1-py3-none-win_amd64.whl?x=1#md5=00&sha256=cd'>")
                .unwrap();
        assert_eq!(page.files[0].url, "https://h.invalid/files/a%2Bb-1-py3-none-win_amd64.whl?x=1");
        assert_eq!(
            (page.files[0].name.as_str(), page.files[0].sha256.as_deref()),
            ("a+b-1-py3-none-win_amd64.whl", Some("cd"))
        );
    }

    #[test]
    fn pages_that_are_no_index_are_told_apart_from_empty_ones() {
        assert_eq!(read("text/html", "<html><a href='/login'>Sign in</a>"), Err(SourceErrorKind::WebPage));
        let empty = "<html><head><meta name='pypi:repository-version' content='1.3'></head>";
        assert_eq!(read("text/html", empty), Ok(PythonPackagePage::default()));
        assert!(matches!(read("application/json", "{"), Err(SourceErrorKind::Garbage(_))));
        assert!(matches!(read("text/plain", "hello"), Err(SourceErrorKind::Garbage(_))));
    }

    #[test]
    fn a_page_of_a_later_interface_is_refused_and_a_minor_version_is_not() {
        let json = |meta: &str| format!(r#"{{{meta}"files":[]}}"#);
        for version in ["1.0", "1.4", "1.99", "odd"] {
            let page = json(&format!(r#""meta":{{"api-version":"{version}"}},"#));
            assert_eq!(read("application/json", &page), Ok(PythonPackagePage::default()), "{version}");
        }
        assert_eq!(read("application/json", &json("")), Ok(PythonPackagePage::default()));
        let newer = |version: &str| Err(SourceErrorKind::NewerInterface(version.into()));
        for version in ["2.0", "10.1"] {
            let page = json(&format!(r#""meta":{{"api-version":"{version}"}},"#));
            assert_eq!(read("application/json", &page), newer(version));
            let html = format!("<html><meta name='pypi:repository-version' content='{version}'>");
            assert_eq!(read("text/html", &html), newer(version));
        }
        assert_eq!(read("application/json", r#"{"meta":{"api-version":"2.0"},"files":{"a":1}}"#), newer("2.0"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(<a href=|<base|\"|'|>|#sha256=|a-1-py3-none-win_amd64.whl|\\{|\"files\":|é|&amp;|//){0,30}") {
            let _ = (read("text/html", &text), read("application/json", &text));
        }
    }
}
