//! An Atom feed (RFC 4287) of advisories.

use super::text::time;
use super::{Published, Publisher, text};
use jiff::Timestamp;
use std::fmt::Write as _;

/// Where the feed is, below the site's address.
pub const PATH: &str = "/advisories.atom";

/// The feed, in the order that is given.
pub fn feed(publisher: &Publisher, advisories: &[Published]) -> String {
    let name = text::line(&publisher.name).unwrap_or_else(|| "unnamed".to_owned());
    let updated = advisories.iter().map(Published::changed_at).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let address = format!("{}{PATH}", publisher.url);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
    out.push_str("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n");
    element(&mut out, "  ", "id", &address);
    element(&mut out, "  ", "title", &format!("{name}: advisories"));
    element(&mut out, "  ", "updated", &time(updated));
    link(&mut out, "  ", "self", &address);
    link(&mut out, "  ", "alternate", &format!("{}/advisories", publisher.url));
    let _ = writeln!(out, "  <author><name>{}</name></author>", escaped(&name));
    for advisory in advisories {
        entry(&mut out, advisory);
    }
    out.push_str("</feed>\n");
    out
}

fn entry(out: &mut String, advisory: &Published) {
    let page = advisory.publisher.page(&advisory.code);
    let withdrawn = if advisory.withdrawn.is_some() { "Withdrawn: " } else { "" };
    out.push_str("  <entry>\n");
    element(out, "    ", "id", &page);
    element(out, "    ", "title", &format!("{withdrawn}{}: {}", advisory.code, advisory.clean_title()));
    element(out, "    ", "published", &time(advisory.published_at()));
    element(out, "    ", "updated", &time(advisory.changed_at()));
    link(out, "    ", "alternate", &page);
    for cve in &advisory.cves {
        let _ = writeln!(out, "    <category term=\"{}\"/>", cve.id);
    }
    // Text, not markup: a reader shows it as it is.
    let _ = writeln!(out, "    <content type=\"text\">{}</content>", escaped(&super::plain::text(advisory)));
    out.push_str("  </entry>\n");
}

fn element(out: &mut String, indent: &str, name: &str, text: &str) {
    // A text takes everything.
    let _ = writeln!(out, "{indent}<{name}>{}</{name}>", escaped(text));
}

fn link(out: &mut String, indent: &str, relation: &str, address: &str) {
    let _ = writeln!(out, "{indent}<link rel=\"{relation}\" href=\"{}\"/>", escaped(address));
}

/// Text in XML, in elements and attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML 1.0 has no other control characters, escaped or not.
            '\n' => out.push('\n'),
            character if character.is_control() => {}
            character => out.push(character),
        }
    }
    out
}
