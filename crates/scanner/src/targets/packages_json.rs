//! `packages.json` of a channel: `{"version": 2, "packages": {ATTRIBUTE: {…}}}`, as made by
//! `pkgs/top-level/make-tarball.nix`.

use super::collect::by_name;
use super::meta::{Meta, cut, shortened};
use super::names::split_name;
use super::{MAXIMUM_PACKAGES, TargetContents};
use crate::document::DocumentError;
use matching::{Package, Texts};
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: String,
    #[serde(default)]
    pname: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    system: Option<String>,
    #[serde(default)]
    meta: Option<Value>,
}

/// Reads the `packages.json` of a channel.
pub fn parse(bytes: &[u8]) -> Result<TargetContents, DocumentError> {
    let Document(contents) = vulnerability::json::from_slice(bytes, bytes.len())?;
    Ok(contents)
}

struct Document(TargetContents);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor).map(Self)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = TargetContents;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `packages`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TargetContents, A::Error> {
        let mut contents = None;
        let mut version = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "packages" if contents.is_some() => return Err(de::Error::duplicate_field("packages")),
                "packages" => contents = Some(map.next_value::<Packages>()?.0),
                "version" => version = Some(map.next_value::<Value>()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let mut contents = contents.ok_or_else(|| de::Error::missing_field("packages"))?;
        // Version 1 is what the file was before it had one: the same entries.
        if let Some(version) = version.filter(|v| *v != 2 && *v != 1) {
            contents.warn(
                "version",
                format!("expected 2, found {}; read as version 2", cut(&version.to_string())),
            );
        }
        Ok(contents)
    }
}

struct Packages(TargetContents);

impl<'de> Deserialize<'de> for Packages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PackagesVisitor).map(Self)
    }
}

struct PackagesVisitor;

impl<'de> Visitor<'de> for PackagesVisitor {
    type Value = TargetContents;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of packages by attribute")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TargetContents, A::Error> {
        let mut contents = TargetContents::default();
        let mut seen = HashSet::new();
        let mut shared = Texts::default();
        while let Some(attribute) = map.next_key::<String>()? {
            contents.looked_at += 1;
            if contents.looked_at > MAXIMUM_PACKAGES {
                return Err(de::Error::custom(format!("more than {MAXIMUM_PACKAGES} packages")));
            }
            let entry: Entry = map.next_value()?;
            let attribute = cut(&attribute);
            let mut package = Package {
                name: shared.share(shortened(&entry.name)),
                system: entry.system.as_deref().map(|system| shared.share(shortened(system))),
                attribute: Some(attribute.as_str().into()),
                ..Package::default()
            };
            let (pname, version) = split_name(&package.name);
            // The parts that the package itself gives are surer than what its name looks like.
            let stated = entry.pname.as_deref().filter(|p| !p.is_empty());
            package.pname = shared.share(shortened(stated.unwrap_or(&pname)));
            package.version = shared.share(shortened(entry.version.as_deref().unwrap_or(&version)));
            if let Some(meta) = entry.meta {
                match serde_json::from_value::<Meta>(meta) {
                    Ok(meta) => meta.apply(&mut package, &mut shared),
                    Err(error) => contents.warn(format!("packages.{attribute}.meta"), error.to_string()),
                }
            }
            if !seen.insert(attribute.clone()) {
                contents.warn(format!("packages.{attribute}"), "stands there twice; both are scanned");
            }
            contents.packages.push(package);
        }
        contents.packages.sort_by(by_name);
        Ok(contents)
    }
}
