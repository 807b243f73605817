//! A record in SPDX 2.3, as JSON: each tool is a package, and contains the packages of its archives.

use serde_json::{Value, json};
use vx_base::age::to_the_second;
use vx_base::digest::Algorithm;

use super::{Inventory, Item, Tool};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
/// The value of a field that the lock does not answer.
const UNKNOWN: &str = "NOASSERTION";

pub(super) fn document(inventory: &Inventory) -> Value {
    let mut packages = Vec::new();
    let mut relationships = Vec::new();
    for (at, of) in inventory.tools.iter().enumerate() {
        let own = format!("SPDXRef-Tool-{at}");
        relationships.push(relationship(DOCUMENT, "DESCRIBES", &own));
        packages.push(tool(&own, of));
        for (inner, item) in of.archives.iter().enumerate() {
            let id = format!("SPDXRef-Archive-{at}-{inner}");
            relationships.push(relationship(&own, "CONTAINS", &id));
            packages.push(archive(&id, item));
        }
    }
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": inventory.title,
        "documentNamespace": format!("urn:uuid:{}", inventory.uuid()),
        "creationInfo": {
            "created": to_the_second(inventory.time),
            "creators": [format!("Tool: vx-{}", env!("CARGO_PKG_VERSION"))],
        },
        "packages": packages,
        "relationships": relationships,
    })
}

fn relationship(from: &str, kind: &str, to: &str) -> Value {
    json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to })
}

fn tool(id: &str, tool: &Tool) -> Value {
    let mut package = package(id, &tool.name, &tool.version);
    package["sourceInfo"] = json!(format!("from {}", tool.source));
    package
}

fn archive(id: &str, item: &Item) -> Value {
    let Item { part, digest, package_url, platforms, .. } = item;
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => "SHA256",
        Algorithm::Sha512 => "SHA512",
    };
    let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    let mut package = package(id, &part.archive().package, &part.archive().version);
    package["packageFileName"] = json!(part.archive().file);
    package["checksums"] = json!([{ "algorithm": algorithm, "checksumValue": digest.hex() }]);
    package["comment"] = json!(format!("for {}", platforms.join(", ")));
    package["externalRefs"] = json!([
        { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package_url },
    ]);
    if let Some(url) = &part.url {
        package["downloadLocation"] = json!(url);
    }
    if let Some(attested) = &part.attested {
        package["sourceInfo"] = json!(format!("built by {attested}, as its attestation proved when it was locked"));
    }
    package
}

fn package(id: &str, name: &str, version: &str) -> Value {
    json!({
        "SPDXID": id,
        "name": name,
        "versionInfo": version,
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": false,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": UNKNOWN,
        "copyrightText": UNKNOWN,
    })
}
