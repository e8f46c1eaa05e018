//! The HTML report as a person sees it: opened in a real browser, with hostile texts in every
//! place.

#![allow(clippy::unwrap_used)]

mod common;

use common::{HOSTILE, report, scan};
use scanner::report::ReportFormat;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use terminal::clean;
use test_support::Browser;

/// The report of the scan in a browser. Pictures go to the folder that `SNOWGUARD_TEST_PICTURES`
/// names, if any.
fn open() -> (tempfile::TempDir, Browser) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.html"), report(&scan(), ReportFormat::Html)).unwrap();
    let mut browser = Browser::start(folder.path());
    browser.resize(1280, 900);
    browser.look("screen", "light");
    browser.open("report.html");
    (folder, browser)
}

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

/// What is seen of the list: CVE identifiers of the rows that are shown, from above to below.
fn seen(browser: &mut Browser) -> Vec<String> {
    let rows = browser.value(
        "[...document.querySelectorAll('#list tbody')].filter(r => r.getBoundingClientRect().height > 0)
         .sort((a, b) => a.getBoundingClientRect().y - b.getBoundingClientRect().y).map(r => r.querySelector('a').textContent)",
    );
    rows.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn ids(numbers: &[u32]) -> Vec<String> {
    numbers.iter().map(|n| format!("CVE-2023-000{n}")).collect()
}

#[test]
fn nothing_of_what_was_scanned_becomes_a_part_of_the_page() {
    let (_folder, mut browser) = open();
    // Texts stand there as texts, and the characters that could turn lines around do not.
    let expected = clean(&format!("{HOSTILE} {HOSTILE}"));
    let names = browser.value("[...document.querySelectorAll('#list tbody th')].map(c => c.textContent)");
    assert!(strings(&names).contains(expected.as_str()), "{names}");
    let text = browser.value("document.documentElement.textContent");
    let text = text.as_str().unwrap();
    assert!(text.contains("<script>alert(1)</script>\" onload=\"x"));
    assert!(!text.contains(['\u{202e}', '\u{1b}', '\r']));
    // Only elements and attributes of the template.
    let found = browser.value("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))]");
    let known = BTreeSet::from([
        "a", "body", "br", "button", "code", "dd", "details", "div", "dl", "dt", "footer", "h1", "h2", "h3",
        "head", "header", "html", "input", "label", "li", "main", "meta", "option", "output", "p", "rect",
        "script", "section", "select", "small", "span", "style", "summary", "svg", "table", "tbody", "td",
        "text", "th", "thead", "title", "tr", "ul",
    ]);
    let strange: Vec<_> = strings(&found).difference(&known).copied().map(str::to_owned).collect();
    assert!(strange.is_empty(), "{strange:?}");
    let attributes = browser.value(
        "[...new Set([...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))].filter(a => a.startsWith('on') || a === 'style' || a === 'src')",
    );
    assert_eq!(attributes, json!([]));
    let count = browser.value("document.querySelectorAll('script').length");
    assert_eq!(count, json!(1));
    let links = browser.value("[...document.links].map(l => l.protocol)");
    assert_eq!(strings(&links), BTreeSet::from(["https:"]));
    // Nothing was asked of anybody, and no script stumbled.
    let requests: Vec<&Value> = browser
        .events
        .iter()
        .filter(|e| e["method"] == "Network.requestWillBeSent")
        .map(|e| &e["params"]["request"]["url"])
        .collect();
    assert_eq!(requests, [&json!("file:///tmp/page/report.html")]);
    let complaints: Vec<&Value> = browser
        .events
        .iter()
        .filter(|e| {
            ["Runtime.exceptionThrown", "Log.entryAdded"].contains(&e["method"].as_str().unwrap_or(""))
        })
        .collect();
    assert!(complaints.is_empty(), "{complaints:?}");
}

/// If the escaping had a hole, the policy would still be there.
#[test]
fn the_policy_stops_what_would_be_injected() {
    let (_folder, mut browser) = open();
    let stopped = browser.value(
        r#"new Promise(done => {
            const stopped = new Set();
            addEventListener("securitypolicyviolation", e => {
                stopped.add(e.effectiveDirective);
                if (stopped.size === 6) done([...stopped]);
            });
            const add = (name, set) => document.body.append(Object.assign(document.createElement(name), set));
            add("img", {src: "https://example.org/a.png"});
            add("script", {textContent: "window.hacked = 1"});
            add("style", {textContent: "body{display:none}"});
            add("iframe", {src: "https://example.org/"});
            fetch("https://example.org/").catch(() => {});
            const div = document.createElement("div");
            div.innerHTML = "<p onclick='window.hacked = 2'>";
            document.body.append(div);
            div.firstChild.click();
        })"#,
    );
    let expected =
        ["connect-src", "frame-src", "img-src", "script-src-attr", "script-src-elem", "style-src-elem"];
    assert_eq!(strings(&stopped), BTreeSet::from(expected));
    assert_eq!(browser.value("typeof window.hacked"), json!("undefined"));
}

#[test]
fn searching_choosing_and_sorting() {
    let (_folder, mut browser) = open();
    assert_eq!(seen(&mut browser).len(), 9);
    browser.click("#search");
    browser.write("CURL 0005");
    assert_eq!(seen(&mut browser), ids(&[5]));
    assert_eq!(browser.value("document.getElementById('matches').textContent"), json!("1 of 9"));
    browser.value(
        "(s => { s.value = ''; s.dispatchEvent(new Event('input')); })(document.getElementById('search'))",
    );
    assert_eq!(seen(&mut browser).len(), 9);
    browser.click("#exploited");
    assert_eq!(seen(&mut browser), ids(&[5]));
    browser.click("#exploited");
    browser.value("(s => { s.value = 'critical'; s.dispatchEvent(new Event('change')); })(document.getElementById('level'))");
    let critical = seen(&mut browser);
    assert_eq!(critical.iter().cloned().collect::<BTreeSet<_>>(), ids(&[2, 6]).into_iter().collect());
    browser.value(
        "(s => { s.value = ''; s.dispatchEvent(new Event('change')); })(document.getElementById('level'))",
    );
    // Scores of the scan: 9.9, 9.8, 8.0, 7.5, 6.5, 5.0, 3.0, and two without.
    browser.click("#list th[data-key=rank] button");
    assert_eq!(seen(&mut browser)[..7], ids(&[6, 2, 4, 1, 5, 3, 7]));
    browser.click("#list th[data-key=rank] button");
    assert_eq!(seen(&mut browser)[2..], ids(&[7, 3, 5, 1, 4, 2, 6]));
    assert_eq!(browser.value("document.querySelector('[aria-sort]').dataset.key"), json!("rank"));
    browser.click("#list th[data-key=cve] button");
    assert_eq!(seen(&mut browser), ids(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
    // Details open and tell why.
    browser.click("#list tbody summary");
    let why = browser.value("document.querySelector('#list tbody details[open]').innerText");
    assert!(why.as_str().unwrap().contains("3.0.10 < 3.0.13"), "{why}");
}

/// Texts that are too faint to read for many: WCAG 2.2, success criterion 1.4.3 (AA).
const FAINT: &str = r#"
(() => {
    const parse = c => c.match(/[\d.]+/g).map(Number);
    const light = c => {
        const [r, g, b] = parse(c).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const back = e => {
        for (; e; e = e.parentElement) {
            const c = getComputedStyle(e).backgroundColor;
            if ((parse(c)[3] ?? 1) > 0) return c;
        }
        return "rgb(255, 255, 255)";
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const e = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !e.getClientRects().length) continue;
        const style = getComputedStyle(e);
        const front = e instanceof SVGElement ? style.fill : style.color;
        const [a, b] = [light(front), light(back(e))].sort((x, y) => y - x);
        if ((a + 0.05) / (b + 0.05) < 4.5) faint.push([e.outerHTML.slice(0, 80), front, back(e)]);
    }
    return faint;
})()"#;

#[test]
fn it_can_be_read_everywhere() {
    let (_folder, mut browser) = open();
    let pictures = std::env::var_os("SNOWGUARD_TEST_PICTURES").map(std::path::PathBuf::from);
    for scheme in ["light", "dark"] {
        for (name, width) in [("wide", 1280), ("tablet", 768), ("phone", 360)] {
            browser.look("screen", scheme);
            browser.resize(width, 900);
            assert_eq!(browser.value(FAINT), json!([]), "{scheme}");
            // Nothing has to be pushed sideways to be read.
            let over = browser.value(
                "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > WIDTH + 1).map(e => e.outerHTML.slice(0, 90))"
                    .replace("WIDTH", &width.to_string())
                    .as_str(),
            );
            if let Some(folder) = &pictures {
                std::fs::write(folder.join(format!("{name}-{scheme}.png")), browser.picture()).unwrap();
            }
            assert_eq!(over, json!([]), "{name}");
        }
    }
    // On paper all is told, in dark ink, and what can only be clicked is not there.
    browser.resize(1280, 900);
    let paper = browser.paper();
    assert!(paper.starts_with(b"%PDF-"));
    if let Some(folder) = &pictures {
        std::fs::write(folder.join("report.pdf"), paper).unwrap();
    }
    browser.look("print", "dark");
    browser.resize(720, 900);
    if let Some(folder) = &pictures {
        std::fs::write(folder.join("print.png"), browser.picture()).unwrap();
    }
    assert_eq!(browser.value("getComputedStyle(document.querySelector('.filter')).display"), json!("none"));
    assert_eq!(browser.value("getComputedStyle(document.body).color"), json!("rgb(0, 0, 0)"));
    assert_eq!(browser.value(FAINT), json!([]));
}
