//! What people read: plain text and the feed.

use super::generated::published;
use super::{publisher, samples};
use proptest::prelude::*;
use serde_json::{Value, json};
use test_support::{Scratch, python};
use tracker::models::publication::{Published, Publisher, atom, plain};

proptest! {
    /// Lines have 72 columns where words are not longer, and nothing in them is hidden.
    #[test]
    fn mails_hold(published in published()) {
        let text = plain::text(&published);
        for line in text.lines() {
            prop_assert!(terminal::columns(line) <= 72 || !line.trim().contains(' ') || line.starts_with("Page:"), "{line:?}");
            prop_assert!(!line.starts_with("From ") && line != "-- " && line != "--", "{line:?}");
            prop_assert_eq!(terminal::clean(line), line);
        }
        prop_assert!(text.contains(&published.code.to_string()));
        for cve in &published.cves {
            prop_assert!(text.contains(&cve.id.to_string()));
        }
        prop_assert_eq!(text.contains("WITHDRAWN"), published.withdrawn.is_some());
    }
}

/// Another program reads what was written.
#[test]
fn a_feed_reader_reads_the_feed() {
    let advisories = samples(60);
    for (advisories, count) in [(&advisories[..], 60), (&[], 0)] {
        let hostile = Publisher { name: "A & <b>\u{0}".into(), ..publisher() };
        let folder = Scratch::new();
        let path = folder.folder().join("feed");
        std::fs::write(&path, atom::feed(&hostile, advisories)).unwrap();
        let script = "import sys, json, feedparser\n\
             d = feedparser.parse(open(sys.argv[1], 'rb').read(), sanitize_html=False)\n\
             assert not d.bozo, d.bozo_exception\n\
             print(json.dumps({'version': d.version, 'title': d.feed.title, 'entries': [\n\
             [e.id, e.title, e.published, e.updated, e.link, e.content[0].type, e.content[0].value] for e in d.entries]}))\n";
        let output = python(script).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&read["version"], &read["title"]), (&json!("atom10"), &json!("A & <b>: advisories")));
        let entries = read["entries"].as_array().unwrap();
        assert_eq!(entries.len(), count);
        for (entry, published) in entries.iter().zip(advisories) {
            assert_eq!(*entry, expected(published));
        }
    }
}

fn expected(published: &Published) -> Value {
    let page = format!("https://tracker.example.org/advisories/{}", published.code);
    let text = plain::text(published);
    let (mut title, mut rest) = (String::new(), text.lines());
    // The heading of the text is the title, over several lines if it is long.
    for line in rest.by_ref().take_while(|line| !line.starts_with("===")) {
        title.push_str(line.trim());
        title.push(' ');
    }
    let withdrawn = if published.withdrawn.is_some() { "Withdrawn: " } else { "" };
    let title = format!("{withdrawn}{}", title.trim());
    let time = |at: jiff::Timestamp| jiff::Timestamp::from_second(at.as_second()).unwrap().to_string();
    let (first, last) = (published.changes.first().unwrap().at, published.changes.last().unwrap().at);
    json!([page, title, time(first), time(last), page, "text/plain", text.trim()])
}
