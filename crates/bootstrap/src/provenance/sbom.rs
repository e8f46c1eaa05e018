//! The chain as a software bill of materials: CycloneDX 1.6 (ECMA-424).
//!
//! Components are the seed, the chain's own files and folders, the sources of others, and the
//! outputs of all steps; what a step needs is what its outputs depend on. Folders have their hash
//! as the property `snowguard:narSha256`, because CycloneDX has hashes of files only.

use super::{addresses, purl};
use crate::built::Built;
use crate::object::{Digest, Object, ObjectKind};
use crate::steps::{InputOrigin, Plan};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The bill of materials of a plan. Outputs have the hashes of the build, or else their pins.
pub fn cyclonedx(plan: &Plan, built: &Built) -> Value {
    let mut components: BTreeMap<String, Value> = BTreeMap::new();
    let mut dependencies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for step in &plan.steps {
        let known = built.steps.get(&step.name);
        for (name, origin) in &step.inputs {
            let object = known.and_then(|known| known.inputs.get(name));
            let reference = reference(origin);
            match origin {
                InputOrigin::Step { .. } => {}
                InputOrigin::Source(source) | InputOrigin::Unpacked { source, .. } => {
                    if let Some(source) = plan.sources.get(source) {
                        components
                            .entry(reference.clone())
                            .or_insert_with(|| self::source(&reference, source));
                    }
                }
                InputOrigin::Seed | InputOrigin::File(_) => {
                    let text =
                        if *origin == InputOrigin::Seed { "seed".to_owned() } else { origin.to_string() };
                    let mut component = Map::new();
                    component.insert("type".into(), json!("file"));
                    component.insert("bom-ref".into(), json!(reference));
                    component.insert("name".into(), json!(text));
                    add_hash(&mut component, object.map(|object| (object.kind, object.sha256)));
                    components.insert(reference.clone(), Value::Object(component));
                }
            }
            dependencies.entry(reference).or_default();
        }
        for (output, pin) in &step.outputs {
            let reference = format!("output:{}/{output}", step.name);
            let found: Option<Object> =
                known.and_then(|known| known.outputs.get(output)).map(|found| found.object);
            let mut component = Map::new();
            component.insert("type".into(), json!("application"));
            component.insert("bom-ref".into(), json!(reference));
            component.insert("name".into(), json!(format!("{}/{output}", step.name)));
            component.insert("description".into(), json!(step.summary));
            // A pin does not say whether it is of a file or a folder.
            let hash = found.map(|object| (object.kind, object.sha256));
            add_hash(&mut component, hash);
            if let Some(pin) = pin {
                let property = json!({ "name": "snowguard:pin", "value": pin.to_string() });
                if let Value::Array(properties) =
                    component.entry("properties").or_insert_with(|| Value::Array(Vec::new()))
                {
                    properties.push(property);
                }
            }
            components.insert(reference.clone(), Value::Object(component));
            let needs = step.inputs.values().map(self::reference).collect();
            dependencies.insert(reference, needs);
        }
    }
    let known: BTreeSet<&String> = components.keys().collect();
    let graph: Vec<Value> = dependencies
        .iter()
        .filter(|(reference, _)| known.contains(reference))
        .map(|(reference, needs)| json!({ "ref": reference, "dependsOn": needs.iter().filter(|need| known.contains(need)).collect::<Vec<_>>() }))
        .collect();
    let components: Vec<&Value> = components.values().collect();
    let content = json!({ "components": components, "dependencies": graph });
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(Digest::of(content.to_string().as_bytes())),
        "version": 1,
        "metadata": {
            "tools": { "components": [{ "type": "application", "name": "snowguard", "version": env!("CARGO_PKG_VERSION") }] },
            "component": { "type": "platform", "bom-ref": "bootstrap", "name": "bootstrap" },
        },
        "components": content["components"],
        "dependencies": content["dependencies"],
    })
}

fn reference(origin: &InputOrigin) -> String {
    match origin {
        InputOrigin::Seed => "seed".into(),
        InputOrigin::Step { step, output } => format!("output:{step}/{output}"),
        InputOrigin::Source(source) | InputOrigin::Unpacked { source, .. } => format!("source:{source}"),
        InputOrigin::File(_) => origin.to_string(),
    }
}

fn source(reference: &str, source: &crate::steps::SourceArchive) -> Value {
    let mut component = Map::new();
    component.insert("type".into(), json!("library"));
    component.insert("bom-ref".into(), json!(reference));
    component.insert("name".into(), json!(source.name));
    if let Some((_, version)) = source.debian.as_ref().and_then(|package| package.split_once('=')) {
        component.insert("version".into(), json!(version));
    }
    component.insert("description".into(), json!(source.file));
    component.insert("hashes".into(), json!([{ "alg": "SHA-256", "content": source.sha256.to_string() }]));
    if let Some(purl) = purl(source) {
        component.insert("purl".into(), json!(purl));
    }
    let links: Vec<Value> =
        addresses(source).map(|url| json!({ "type": "source-distribution", "url": url })).collect();
    if !links.is_empty() {
        component.insert("externalReferences".into(), Value::Array(links));
    }
    Value::Object(component)
}

fn add_hash(component: &mut Map<String, Value>, hash: Option<(ObjectKind, Digest)>) {
    match hash {
        Some((ObjectKind::Folder, sha256)) => {
            component.insert(
                "properties".into(),
                json!([{ "name": "snowguard:narSha256", "value": sha256.to_string() }]),
            );
        }
        Some((_, sha256)) => {
            component.insert("hashes".into(), json!([{ "alg": "SHA-256", "content": sha256.to_string() }]));
        }
        None => {}
    }
}

/// A UUID (RFC 9562, version 8: of our own making) out of what the document says, so that the same
/// chain has the same number.
fn serial_number(digest: Digest) -> String {
    let mut bytes = [0_u8; 16];
    bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
