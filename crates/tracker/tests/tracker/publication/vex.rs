//! OpenVEX, CycloneDX and CSAF, read by the scanner: all three say the same.

use super::generated::published;
use super::samples;
use jsonschema::{Retrieve, Uri, Validator};
use matching::FindingStatus;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use test_support::peer_file;
use tracker::models::advisory::status::Status;
use tracker::models::publication::{Published, csaf, cyclonedx, openvex, purl, to_text};

/// By CVE and package URL.
type Statements = BTreeMap<(String, String), FindingStatus>;

/// What the scanner reads; what is stated last counts.
fn read(document: &Value) -> Statements {
    let found = scanner::vex::parse(to_text(document).as_bytes(), "x").unwrap();
    let mut statements = Statements::new();
    for statement in found.statements {
        assert!(!statement.products.is_empty(), "a statement on everything");
        for product in &statement.products {
            let purl = product.purl.as_ref().unwrap_or_else(|| panic!("{product:?}")).as_str().to_owned();
            statements.insert((statement.cve.to_string(), purl), statement.status);
        }
    }
    statements
}

/// What the advisory says: of each version the word that counts most.
fn expected(published: &Published) -> Statements {
    const RANKED: [FindingStatus; 4] =
        [FindingStatus::Affected, FindingStatus::Unknown, FindingStatus::NotAffected, FindingStatus::Fixed];
    let mut statements = Statements::new();
    let builds = published.packages.iter().flat_map(|package| &package.channels).flat_map(|c| &c.builds);
    for build in builds.filter(|build| !build.version.is_empty()) {
        let Some(purl) = purl::of(purl::Form::Name, "", &build.pname, &build.version) else { continue };
        let status = match build.status {
            _ if published.withdrawn.is_some() => FindingStatus::Unknown,
            Status::Fixed => FindingStatus::Fixed,
            Status::NotAffected => FindingStatus::NotAffected,
            Status::Unknown | Status::UnderInvestigation => FindingStatus::Unknown,
            _ => FindingStatus::Affected,
        };
        let rank = |status| RANKED.iter().position(|ranked| *ranked == status);
        for cve in &published.cves {
            let of = statements.entry((cve.id.to_string(), purl.clone())).or_insert(status);
            if rank(status) < rank(*of) {
                *of = status;
            }
        }
    }
    statements
}

proptest! {
    #[test]
    fn all_three_say_the_same(published in published()) {
        let expected = expected(&published);
        prop_assert_eq!(&read(&csaf::document(&published)), &expected);
        prop_assert_eq!(&read(&cyclonedx::document(&published)), &expected);
        match openvex::document(&published) {
            Some(document) => prop_assert_eq!(&read(&document), &expected),
            None => prop_assert!(expected.is_empty()),
        }
    }

    #[test]
    fn cyclonedx_is_what_its_schema_says(published in published()) {
        let document = cyclonedx::document(&published);
        prop_assert_eq!(super::problems(&CYCLONEDX, &document), Vec::<String>::new());
    }
}

/// Schemas that others refer to, from the same folder.
struct Beside;

impl Retrieve for Beside {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default();
        let name = name.replace(".SNAPSHOT", "").replace(".schema.json", ".SNAPSHOT.schema.json");
        let file = peer_file(&format!("cyclonedx/schema/_res/{name}"));
        Ok(serde_json::from_slice(&std::fs::read(file)?)?)
    }
}

static CYCLONEDX: LazyLock<Validator> = LazyLock::new(|| {
    let file = peer_file("cyclonedx/schema/_res/bom-1.6.SNAPSHOT.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    jsonschema::options().with_retriever(Beside).should_validate_formats(true).build(&schema).unwrap()
});

/// The samples are worth something: all kinds of statements are among them.
#[test]
fn samples_say_all_that_can_be_said() {
    let all: Vec<FindingStatus> = samples(100).iter().flat_map(|p| expected(p).into_values()).collect();
    for status in
        [FindingStatus::Affected, FindingStatus::Unknown, FindingStatus::NotAffected, FindingStatus::Fixed]
    {
        assert!(all.iter().filter(|found| **found == status).count() > 20, "{status:?}");
    }
}
