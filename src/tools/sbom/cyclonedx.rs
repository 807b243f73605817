//! A record in CycloneDX 1.6, as JSON: each tool is a component, and its archives are its components.

use serde_json::{Value, json};
use vx_base::age::to_the_second;
use vx_base::digest::Algorithm;

use super::{Inventory, Item, SbomTool};

/// The name of the project in the record.
const PROJECT: &str = "project";

pub(super) fn document(inventory: &Inventory) -> Value {
    let tools: Vec<String> = inventory.tools.iter().map(reference).collect();
    let mut dependencies = vec![json!({ "ref": PROJECT, "dependsOn": tools })];
    dependencies.extend(inventory.tools.iter().map(|tool| {
        let archives: Vec<&str> = tool.archives.iter().map(|item| item.id.as_str()).collect();
        json!({ "ref": reference(tool), "dependsOn": archives })
    }));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", inventory.uuid()),
        "version": 1,
        "metadata": {
            "timestamp": to_the_second(inventory.time),
            "tools": { "components": [
                { "type": "application", "name": "vx", "version": env!("CARGO_PKG_VERSION") },
            ] },
            "component": { "type": "application", "bom-ref": PROJECT, "name": inventory.title },
        },
        "components": inventory.tools.iter().map(tool).collect::<Vec<Value>>(),
        "dependencies": dependencies,
    })
}

fn reference(tool: &SbomTool) -> String {
    format!("{}@{}", tool.name, tool.version)
}

fn tool(tool: &SbomTool) -> Value {
    json!({
        "type": "application",
        "bom-ref": reference(tool),
        "name": tool.name,
        "version": tool.version,
        "properties": [property("vx:source", tool.source.name())],
        "components": tool.archives.iter().map(archive).collect::<Vec<Value>>(),
    })
}

fn archive(item: &Item) -> Value {
    let Item { id, part, digest, package_url, platforms } = item;
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => "SHA-256",
        Algorithm::Sha512 => "SHA-512",
    };
    let mut properties = vec![property("vx:file", &part.archive().file)];
    properties.extend(platforms.iter().map(|platform| property("vx:platform", &platform.to_string())));
    properties.extend(part.signed_by.as_deref().map(|key| property("vx:signed_by", key)));
    let mut elsewhere: Vec<Value> = Vec::new();
    elsewhere.extend(part.url.as_deref().map(|url| json!({ "type": "distribution", "url": url })));
    if let Some(attested) = &part.attested {
        properties.push(property("vx:built_by", &attested.workflow));
        properties.push(property("vx:vouched_by", &attested.issuer));
        elsewhere.push(json!({ "type": "vcs", "url": format!("https://{}", attested.repository) }));
    }
    let mut component = json!({
        "type": "library",
        "bom-ref": id,
        "name": part.archive().package,
        "version": part.archive().version,
        "hashes": [{ "alg": algorithm, "content": digest.hex() }],
        "purl": package_url,
        "properties": properties,
    });
    if !elsewhere.is_empty() {
        component["externalReferences"] = Value::Array(elsewhere);
    }
    component
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}
