//! Statements, envelopes and the SBOM, judged by others: in-toto's own types, securesystemslib's
//! verifier, CycloneDX's schema, and OpenSSL and Nix, which make the keys.

#![allow(clippy::unwrap_used)]

mod common;

use bootstrap::provenance::{DsseKey, cyclonedx, statements};
use bootstrap::{Built, Contents, Object};
use common::{build_here, made_up, plan, pretended};
use serde_json::{Value, json};
use test_support::{ToolboxFolder, peers, python, run_with_input};

const BUILDER: &str = "https://example.org/builders/1";

/// Our chain up to the C compiler, as built here.
fn chain() -> (tempfile::TempDir, bootstrap::Plan, Built) {
    let plan = plan().only(&["cc".to_owned()]).unwrap();
    let store = tempfile::tempdir().unwrap();
    let mut built = build_here(&plan, store.path());
    let pretended = pretended(&plan);
    for (name, step) in &mut built.steps {
        step.inputs.clone_from(&pretended.steps[name].inputs);
    }
    (store, plan, built)
}

#[test]
fn statements_are_what_in_toto_says_and_signatures_verify() {
    let (store, plan, built) = chain();
    let all = statements(&plan, &built, &Contents::of(store.path()), BUILDER).unwrap();
    assert_eq!(all.len(), plan.steps.len());
    let room = ToolboxFolder::new("bootstrap-provenance");
    let openssl = room.run("openssl", ["genpkey", "-algorithm", "ed25519"]);
    let nix = {
        room.run("nix-store", ["--generate-binary-cache-key", "test-1", "secret", "public"]);
        std::fs::read_to_string(room.outside("secret")).unwrap()
    };
    // Strict types of the in-toto project; the public key is read, and the envelope verified, by
    // securesystemslib.
    let script = r"
import base64, json, sys
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
given = json.load(sys.stdin)
key = SSlibKey.from_crypto(load_pem_public_key(given['public'].encode()), keyid=given['keyid'])
verified = 0
for envelope in given['envelopes']:
    parsed = Envelope.from_dict(envelope)
    assert parsed.payload_type == 'application/vnd.in-toto+json'
    parsed.verify([key], 1)
    statement = json_format.Parse(parsed.payload, statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()
    provenance = json_format.ParseDict(json.loads(parsed.payload)['predicate'], provenance_pb2.Provenance())
    assert statement.predicate_type == 'https://slsa.dev/provenance/v1'
    assert provenance.build_definition.build_type and provenance.run_details.builder.id
    for dependency in provenance.build_definition.resolved_dependencies:
        assert dependency.digest and (dependency.uri or dependency.name)
    broken = dict(envelope, payload=base64.b64encode(parsed.payload + b' ').decode())
    try:
        Envelope.from_dict(broken).verify([key], 1)
    except Exception:
        verified += 1
print(verified)
";
    for text in [openssl, nix] {
        let key = DsseKey::from_text(&text).unwrap();
        let envelopes: Vec<Value> = all.iter().map(|statement| key.envelope(statement)).collect();
        let given = json!({ "envelopes": envelopes, "public": key.public_pem(), "keyid": key.identifier() });
        let output = run_with_input(&mut python(script), given.to_string());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), all.len().to_string());
    }
    // OpenSSL reads the public key that we give.
    let key = DsseKey::from_text(&room.run("openssl", ["genpkey", "-algorithm", "ed25519"])).unwrap();
    std::fs::write(room.outside("public.pem"), key.public_pem()).unwrap();
    assert_eq!(room.run("openssl", ["pkey", "-pubin", "-in", "public.pem"]), key.public_pem());
}

#[test]
fn statements_name_the_files_and_need_a_build() {
    let (store, plan, built) = chain();
    let all = statements(&plan, &built, &Contents::of(store.path()), BUILDER).unwrap();
    for (step, statement) in plan.steps.iter().zip(&all) {
        let subject = &statement["subject"][0];
        let found = built.steps[&step.name].outputs.values().next().unwrap().object;
        assert_eq!(subject["digest"]["sha256"], found.sha256.to_string());
        let path = store.path().join("objects").join(found.to_string());
        assert_eq!(Object::at(&path).unwrap(), found);
        let definition = &statement["predicate"]["buildDefinition"];
        assert_eq!(definition["externalParameters"]["run"], json!(step.run));
        assert_eq!(definition["resolvedDependencies"].as_array().unwrap().len(), step.inputs.len());
    }
    let error = statements(&plan, &Built::default(), &Contents::of(store.path()), BUILDER).unwrap_err();
    assert!(error.to_string().contains("seed is not built"), "{error}");
}

/// Schemas that the schema refers to.
struct Beside(Vec<(String, Value)>);

impl jsonschema::Retrieve for Beside {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default();
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, schema)| schema.clone()).ok_or_else(|| format!("no schema {uri}").into())
    }
}

#[test]
fn the_bill_of_materials_is_valid() {
    let found = test_support::files(&peers().join("lib"), "bom-1.6.SNAPSHOT.schema.json");
    let load = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(found[0].with_file_name(name)).unwrap()).unwrap()
    };
    let beside = ["spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"];
    let beside = beside.map(|name| (name.to_owned(), load(name)));
    let validator = jsonschema::options()
        .with_retriever(Beside(beside.into()))
        .should_validate_formats(true)
        .build(&load("bom-1.6.SNAPSHOT.schema.json"))
        .unwrap();
    let (_store, small, built) = chain();
    let (_folder, hostile) = made_up(
        "[[source]]\nname = 'a+b'\nfile = 'a+b.tar'\nsize = 1\nsha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\
         debian = { package = 'g++', version = '2+b.3', file = 'x' }\nurls = ['https://example.org/a b%20c']\n\
         [[step]]\nname = 's'\nsummary = '<&\\u202e\"'\ninputs = { seed = 'seed', a = 'source:a+b' }\nrun = [{ argv = ['/in/seed'] }]\n\
         outputs = { o = {}, p = {} }\n",
    );
    let whole = plan();
    for (plan, built) in [
        (&small, built),
        (&whole, pretended(&whole)),
        (&hostile, pretended(&hostile)),
        (&whole, Built::default()),
    ] {
        let document = cyclonedx(plan, &built);
        let problems: Vec<String> =
            validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(problems.is_empty(), "{problems:#?}");
        // Everything that something depends on is there.
        let references: Vec<&Value> = document["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|component| &component["bom-ref"])
            .collect();
        for entry in document["dependencies"].as_array().unwrap() {
            assert!(references.contains(&&entry["ref"]));
            assert!(entry["dependsOn"].as_array().unwrap().iter().all(|needed| references.contains(&needed)));
        }
        let outputs: usize = plan.steps.iter().map(|step| step.outputs.len()).sum();
        assert!(references.len() > outputs);
        // The same chain gives the same document.
        assert_eq!(document, cyclonedx(plan, &built));
    }
}
