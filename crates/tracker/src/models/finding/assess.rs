//! From the matcher's findings on attributes of channels to findings on packages.

use super::{Finding, InChannel, MOST_ATTRIBUTES, OfVersion, Status};
use crate::models::ids::{ChannelId, PackageId};
use matching::{Confidence, FindingStatus, Findings, Package, explain};
use std::collections::BTreeMap;
use vulnerability::CveId;

/// The packages of one channel as the matcher takes them, each with the software that it is.
#[derive(Debug)]
pub struct ChannelPackages {
    /// The channel.
    pub channel: ChannelId,
    /// Whether it is looked after. What is in others is shown, and raises nothing.
    pub supported: bool,
    /// What was matched.
    pub packages: Vec<Package>,
    /// The software of each.
    pub software: Vec<PackageId>,
}

/// Gathers findings channel by channel.
#[derive(Debug, Default)]
pub struct Assessment {
    found: BTreeMap<(PackageId, CveId), Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    /// The worst of channels that are looked after, else of the others.
    worst: Option<(bool, FindingStatus, Confidence)>,
    channels: BTreeMap<ChannelId, Vec<OfVersion>>,
}

impl Assessment {
    /// Adds what was found in a channel on the CVEs that are wanted.
    pub fn add(&mut self, channel: &ChannelPackages, findings: &Findings, wanted: &dyn Fn(CveId) -> bool) {
        for group in findings.groups().iter().filter(|group| wanted(group.finding().cve)) {
            let finding = group.finding();
            for &index in findings.packages(group) {
                let (Some(package), Some(software)) =
                    (channel.packages.get(index), channel.software.get(index))
                else {
                    continue;
                };
                let gathered = self.found.entry((*software, finding.cve)).or_default();
                gathered.note(channel.supported, finding.status, finding.confidence);
                let versions = gathered.channels.entry(channel.channel).or_default();
                let attribute = package.attribute.as_deref().unwrap_or(&package.name);
                let (status, confidence) = (finding.status.into(), finding.confidence.into());
                let same = versions.iter_mut().find(|of| {
                    of.version == package.version.as_str()
                        && (of.status, of.confidence, of.fixed_in.as_deref())
                            == (status, confidence, finding.fixed_in.as_deref())
                });
                if let Some(same) = same {
                    same.add(attribute);
                    continue;
                }
                // The first says what it is of, and the page does that already.
                let evidence = explain(finding, package, None).into_iter().skip(1).collect();
                versions.push(OfVersion {
                    version: package.version.to_string(),
                    attributes: vec![attribute.to_owned()],
                    more_attributes: 0,
                    status,
                    confidence,
                    fixed_in: finding.fixed_in.as_deref().map(str::to_owned),
                    evidence,
                });
            }
        }
    }

    /// What was gathered, by package and CVE.
    pub fn finish(self) -> Vec<Finding> {
        let finding = |((package, cve), gathered): ((PackageId, CveId), Gathered)| {
            let (_, status, confidence) = gathered.worst?;
            let channels = gathered.channels.into_iter().map(|(channel, mut versions)| {
                versions.sort_by(|a, b| (a.status, &a.version).cmp(&(b.status, &b.version)));
                for version in &mut versions {
                    version.attributes.sort_unstable();
                }
                InChannel { channel, versions }
            });
            Some(Finding { package, cve, status, confidence, channels: channels.collect() })
        };
        self.found.into_iter().filter_map(finding).collect()
    }
}

impl Gathered {
    fn note(&mut self, supported: bool, status: FindingStatus, confidence: Confidence) {
        let worse = self.worst.is_none_or(|(by_supported, worst, sure)| {
            // Of channels that are looked after first, then the worse status, then the surer.
            (!supported, status, std::cmp::Reverse(confidence))
                < (!by_supported, worst, std::cmp::Reverse(sure))
        });
        if worse {
            self.worst = Some((supported, status, confidence));
        }
    }
}

impl OfVersion {
    fn add(&mut self, attribute: &str) {
        if self.attributes.iter().any(|known| known == attribute) {
            return;
        }
        if self.attributes.len() < MOST_ATTRIBUTES {
            self.attributes.push(attribute.to_owned());
        } else {
            self.more_attributes += 1;
        }
    }
}

impl InChannel {
    /// The worst status in the channel.
    pub fn worst(&self) -> Option<Status> {
        self.versions.iter().map(|of| of.status).min()
    }
}
