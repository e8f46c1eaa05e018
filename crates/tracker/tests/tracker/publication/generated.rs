//! Published advisories of all kinds, with hostile texts in them.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use tracker::models::advisory::Code;
use tracker::models::advisory::content::{Link, LinkKind};
use tracker::models::advisory::status::{Justification, Range, Ranges, Status};
use tracker::models::publication::{Build, Change, Cve, InChannel, Package, Published, Publisher};
use vulnerability::model::Level;

/// Texts that break out of what does not hold them.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9 .,-]{1,40}",
        2 => "\\PC{0,60}",
        2 => "(?s).{0,60}",
        1 => select(vec![
            String::new(),
            " \n\t ".into(),
            "\u{202e}\u{200b}\u{0}".into(),
            "]]> <script>alert(1)</script> &amp; \"'`".into(),
            "\u{1b}]0;x\u{7}\u{fffe}\u{ffff}\u{fdd0}".into(),
            "# x\n![y](javascript:z)\n\n- a\n".into(),
            "all versions before >= 1".into(),
            "x".repeat(3000),
            ("y ".repeat(200)),
        ]),
    ]
}

fn version() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[0-9]{1,2}\\.[0-9]{1,2}(\\.[0-9]|-rc1|pre)?",
        1 => "[!-~]{1,20}",
        1 => select(vec!["all", "<2", ">=1", "0-unstable-2026-01-01", "prior", "1:2", "a@b?c#d"])
            .prop_map(str::to_owned),
        1 => text(),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[a-z]{1,6}(-[a-z]{1,3})?", 1 => "[a-z]{2}:[a-z]{2}", 1 => text()]
}

/// A status with the reason that goes with it.
fn status() -> impl Strategy<Value = (Status, Option<Justification>)> {
    (select(&Status::ALL[..]), select(&Justification::ALL[..]))
        .prop_map(|(status, reason)| (status, (status == Status::NotAffected).then_some(reason)))
}

fn range() -> impl Strategy<Value = Range> {
    let word = || "[!-~]{1,12}";
    (prop::option::of(word()), prop::option::of((word(), any::<bool>()))).prop_map(|(introduced, end)| {
        let end = |is_fixed| end.clone().filter(|(_, fixed)| *fixed == is_fixed).map(|(end, _)| end);
        Range { introduced, fixed: end(true), last_affected: end(false) }
    })
}

fn build() -> impl Strategy<Value = Build> {
    (name(), name(), version(), status(), text()).prop_map(
        |(attribute, pname, version, (status, justification), why)| Build {
            attribute,
            pname,
            version,
            status,
            justification,
            why,
        },
    )
}

fn channel() -> impl Strategy<Value = InChannel> {
    let channel = select(vec!["nixos-unstable", "nixos-26.05", "nixos-25.11", "nixpkgs-unstable"]);
    let channel = prop_oneof![9 => channel.prop_map(str::to_owned), 1 => text()];
    (channel, status(), text(), prop::collection::vec(build(), 0..4)).prop_map(
        |(channel, (status, justification), why, builds)| InChannel {
            channel,
            status,
            justification,
            why,
            builds,
        },
    )
}

fn package() -> impl Strategy<Value = Package> {
    let ranges = prop::collection::vec(range(), 0..4).prop_map(Ranges);
    let versions = prop::collection::vec(version(), 0..5);
    (name(), ranges, versions, prop::collection::vec(channel(), 0..4))
        .prop_map(|(name, ranges, versions, channels)| Package { name, ranges, versions, channels })
}

fn cve() -> impl Strategy<Value = Cve> {
    let vectors = select(vec![
        None,
        Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        Some("CVSS:3.0/AV:L/AC:H/PR:L/UI:R/S:C/C:L/I:N/A:N"),
        Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"),
        Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O"),
        Some("(AV:N/AC:L/Au:N/C:P/I:P/A:P)"),
        Some("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
        Some("no vector"),
    ]);
    (2000_u16..2030, 1000_u32..999_999, prop::option::of(text()), vectors).prop_map(
        |(year, number, title, vector)| Cve {
            id: format!("CVE-{year}-{number}").parse().unwrap(),
            title,
            vector: vector.map(str::to_owned),
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    let url = prop_oneof!["https://[a-z]{1,5}\\.org/[!-~]{0,20}", "http://[!-~]{1,20}"];
    (select(&LinkKind::ALL[..]), url).prop_map(|(kind, url)| Link { kind, url })
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((0_i64..100_000, any::<bool>(), text()), 1..6).prop_map(|steps| {
        let (mut changes, mut second): (Vec<Change>, _) = (Vec::new(), 1_700_000_000);
        for (step, is_revision, summary) in steps {
            second += step;
            let (revision, minor) = match changes.last() {
                None => (1, 0),
                Some(last) if is_revision => (last.revision + 1, 0),
                Some(last) => (last.revision, last.minor + 1),
            };
            let at = Timestamp::from_millisecond(second * 1000 + 7).unwrap();
            changes.push(Change { revision, minor, at, summary });
        }
        changes
    })
}

/// Any advisory that may be published.
pub(super) fn published() -> impl Strategy<Value = Published> {
    let levels = vec![Level::None, Level::Low, Level::Medium, Level::High, Level::Critical];
    let about = (text(), text(), prop::option::of(select(levels)), prop::option::of(text()), text());
    let cves = prop::collection::vec(cve(), 0..4);
    let links = prop::collection::vec(link(), 0..4);
    let packages = prop::collection::vec(package(), 1..4);
    (about, cves, links, packages, changes(), any::<bool>(), 1_i64..99_999).prop_map(
        |((title, body, level, contact, site), mut cves, links, packages, changes, withdrawn, number)| {
            cves.sort_by_key(|cve| cve.id);
            cves.dedup_by_key(|cve| cve.id);
            let code: Code = format!("NIXPKGS-2026-{number:04}").parse().unwrap();
            let withdrawn = changes.last().map(|last| last.at).filter(|_| withdrawn);
            let publisher = Publisher { name: site, url: "https://tracker.example.org".into(), contact };
            Published { publisher, code, title, body, level, cves, links, packages, changes, withdrawn }
        },
    )
}
