//! The packages of a channel, as the matcher takes them.

use super::assess::ChannelPackages;
use crate::database::{Connection, DatabaseError};
use crate::models::channel::Channel;
use crate::package_set::Meta;
use crate::{json, params};
use matching::{Package, Text, Texts};
use nix_formats::DrvName;
use vulnerability::Stated;

/// What a channel has now. A package that is built for several systems is there once.
///
/// # Errors
/// Those of the database.
pub fn packages(connection: &mut Connection, channel: &Channel) -> Result<ChannelPackages, DatabaseError> {
    let mut found = ChannelPackages {
        channel: channel.id,
        supported: channel.state.is_supported(),
        packages: Vec::new(),
        software: Vec::new(),
    };
    let mut texts = Texts::default();
    connection.for_each(
        "SELECT a.path, f.name, f.pname, f.version, f.patches, m.body, b.package
         FROM (SELECT DISTINCT attribute, fact, package FROM build WHERE channel = $1) b
         JOIN fact f ON f.id = b.fact JOIN meta m ON m.id = f.meta
         JOIN attribute a ON a.id = b.attribute",
        params![channel.id],
        |row| {
            let wrong = DatabaseError::Column { column: 5, expected: "meta" };
            let meta: Meta = json::unpack(&row.get::<Vec<u8>>(5)?).map_err(|_| wrong)?;
            let (path, name): (String, String) = (row.get(0)?, row.get(1)?);
            let (pname, version): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            let patches: String = row.get(4)?;
            let parsed = DrvName::parse(&name);
            let mut share = |text: &str| texts.share(text);
            let package = Package {
                name: share(&name),
                pname: share(pname.as_deref().unwrap_or(parsed.name)),
                version: share(version.as_deref().unwrap_or(parsed.version)),
                attribute: Some(path.as_str().into()),
                homepages: shared(&meta.homepages, &mut share),
                description: meta.description.as_deref().map(&mut share),
                position: meta.position.as_deref().map(&mut share),
                patches: patches.lines().map(&mut share).collect(),
                known_vulnerabilities: shared(&meta.known_vulnerabilities, &mut share),
                cpes: meta.cpes.into_iter().map(Stated::from).collect(),
                purls: meta.purls.into_iter().map(Stated::from).collect(),
                ..Package::default()
            };
            found.packages.push(package);
            found.software.push(row.get(6)?);
            Ok::<_, DatabaseError>(())
        },
    )?;
    Ok(found)
}

fn shared(texts: &[String], share: &mut impl FnMut(&str) -> Text) -> Vec<Text> {
    texts.iter().map(|text| share(text)).collect()
}
