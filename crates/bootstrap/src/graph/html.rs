//! The graph as one HTML file: it loads nothing and runs no script.
//!
//! Boxes are links to the description of their step, which the browser shows because it is the
//! target of the address; so even clicking works without a script. All texts are escaped, and a
//! content security policy allows the page nothing but its own style, by its hash.

use super::layout::{Widths, place};
use super::{Graph, GraphNode, GraphOutput, size, time};
use crate::steps::InputOrigin;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};

const STYLE: &str = include_str!("page.css");

/// Sizes in the drawing's units (CSS pixels).
const BOX: (f64, f64) = (190.0, 58.0);
const GAP: (f64, f64) = (26.0, 46.0);
const PASSING: f64 = 22.0;
const MARGIN: f64 = 14.0;

/// Writes the page.
pub fn write(out: &mut (impl Write + ?Sized), graph: &Graph<'_>) -> io::Result<()> {
    let style = style(graph);
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style.as_bytes()));
    let built = graph.nodes.iter().filter(|node| node.milliseconds.is_some()).count();
    let mut page = String::new();
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Bootstrap</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <header><h1>Bootstrap</h1><p>{} steps, {built} of them built, in {}. \
         Bars are the square roots of times, so that short ones are seen, too. Click a step for its inputs, commands and outputs.</p></header>\n<main>\n",
        graph.nodes.len(),
        time(graph.milliseconds()),
    );
    drawing(&mut page, graph);
    page.push_str("<aside>\n");
    overview(&mut page, graph);
    for (number, node) in graph.nodes.iter().enumerate() {
        details(&mut page, graph, number, node);
    }
    page.push_str("</aside>\n</main>\n</body>\n</html>\n");
    out.write_all(page.as_bytes())
}

/// The page's style, with two rules a step: its box and its lines stand out while it is shown.
fn style(graph: &Graph<'_>) -> String {
    let mut style = STYLE.to_owned();
    for number in 0..graph.nodes.len() {
        let _ = write!(
            style,
            "body:has(#s{number}:target) .b{number} rect.box{{stroke:var(--accent);stroke-width:2.5}}\n\
             body:has(#s{number}:target) .l{number}{{stroke:var(--accent);stroke-width:2}}\n"
        );
    }
    style
}

fn drawing(page: &mut String, graph: &Graph<'_>) {
    let levels: Vec<usize> = graph.nodes.iter().map(|node| node.level).collect();
    let widths = Widths { node: BOX.0 + GAP.0, passing: PASSING };
    let layout = place(&levels, &graph.edges, &widths);
    let rows = levels.iter().max().map_or(0, |row| row + 1);
    let width = layout.width + 2.0 * MARGIN;
    let height = rows as f64 * (BOX.1 + GAP.1) - GAP.1 + 2.0 * MARGIN;
    let top = |row: usize| MARGIN + row as f64 * (BOX.1 + GAP.1);
    let x = |node: usize| MARGIN + layout.x.get(node).copied().unwrap_or(0.0);
    let _ = writeln!(
        page,
        "<div class=\"drawing\"><svg width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         role=\"img\" aria-label=\"Which step needs which\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\"/></marker></defs>"
    );
    for (number, &(from, to)) in graph.edges.iter().enumerate() {
        let (Some(above), Some(below)) = (levels.get(from), levels.get(to)) else { continue };
        let mut path = format!("M{:.1} {:.1}", x(from), top(*above) + BOX.1);
        let (mut at, mut y) = (x(from), top(*above) + BOX.1);
        let passing = layout.passing.get(number).map(Vec::as_slice).unwrap_or_default();
        let stops = passing.iter().map(|(row, place)| (MARGIN + place, top(*row), true));
        for (next, next_y, passes) in stops.chain([(x(to), top(*below) - 1.0, false)]) {
            let middle = f64::midpoint(y, next_y);
            let _ = write!(path, "C{at:.1} {middle:.1} {next:.1} {middle:.1} {next:.1} {next_y:.1}");
            (at, y) = (next, next_y);
            if passes {
                y += BOX.1;
                let _ = write!(path, "V{y:.1}");
            }
        }
        let _ = writeln!(page, "<path class=\"line l{from} l{to}\" d=\"{path}\" marker-end=\"url(#tip)\"/>");
    }
    let longest = graph.nodes.iter().filter_map(|node| node.milliseconds).max().unwrap_or(0).max(1);
    for (number, node) in graph.nodes.iter().enumerate() {
        let (left, y) = (x(number) - BOX.0 / 2.0, top(node.level));
        let facts = match (node.size, node.milliseconds) {
            (Some(bytes), Some(took)) => format!("{} · {}", size(bytes), time(took)),
            (_, Some(took)) => time(took),
            _ => "not built".to_owned(),
        };
        let state = if node.milliseconds.is_some() { "built" } else { "open" };
        let _ = write!(
            page,
            "<a href=\"#s{number}\" class=\"b{number} {state}\"><title>{}</title>\
             <rect class=\"box\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text><text class=\"facts\" x=\"{:.1}\" y=\"{:.1}\">{facts}</text>",
            escape(&node.step.summary),
            BOX.0,
            BOX.1,
            left + 12.0,
            y + 23.0,
            escape(&shorten(&node.step.name, 22)),
            left + 12.0,
            y + 41.0,
        );
        if let Some(took) = node.milliseconds {
            // Square roots: the fast steps should be seen beside the slow ones.
            let share = (took as f64 / longest as f64).sqrt() * (BOX.0 - 24.0);
            let _ = write!(
                page,
                "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"4\" rx=\"2\"/>",
                left + 12.0,
                y + BOX.1 - 10.0,
                share.max(2.0)
            );
        }
        page.push_str("</a>\n");
    }
    page.push_str("</svg></div>\n");
}

/// What is shown as long as no step is: all steps by time, and the sources.
fn overview(page: &mut String, graph: &Graph<'_>) {
    page.push_str("<section class=\"overview\"><h2>Steps</h2>\n<table><tr><th>step<th class=\"n\">size<th class=\"n\">time</tr>\n");
    for (number, node) in graph.nodes.iter().enumerate() {
        let _ = writeln!(
            page,
            "<tr><td><a href=\"#s{number}\">{}</a><td class=\"n\">{}<td class=\"n\">{}</tr>",
            escape(&node.step.name),
            node.size.map_or_else(String::new, size),
            node.milliseconds.map_or_else(String::new, time)
        );
    }
    page.push_str("</table>\n");
    if !graph.sources.is_empty() {
        page.push_str("<h2>Sources of others</h2>\n<table><tr><th>source<th class=\"n\">size</tr>\n");
        for source in graph.sources.values() {
            let _ = writeln!(
                page,
                "<tr><td>{}<br><code class=\"hash\">sha256 {}</code><td class=\"n\">{}</tr>",
                escape(&source.file),
                source.sha256,
                size(source.size)
            );
        }
        page.push_str("</table>\n");
    }
    page.push_str("</section>\n");
}

fn details(page: &mut String, graph: &Graph<'_>, number: usize, node: &GraphNode<'_>) {
    let step = node.step;
    let _ = writeln!(
        page,
        "<section class=\"step\" id=\"s{number}\"><p class=\"back\"><a href=\"#\">all steps</a></p><h2>{}</h2>\n<p>{}</p>",
        escape(&step.name),
        escape(&step.summary)
    );
    if let Some(took) = node.milliseconds {
        let _ = writeln!(page, "<p>Took {}.</p>", time(took));
    }
    page.push_str("<h3>Inputs</h3>\n<table>\n");
    for (name, origin) in &step.inputs {
        let text = escape(&origin.to_string());
        let place = match origin {
            InputOrigin::Step { step: needed, .. } => {
                match graph.nodes.iter().position(|node| node.step.name == *needed) {
                    Some(needed) => format!("<a href=\"#s{needed}\">{text}</a>"),
                    None => text,
                }
            }
            _ => text,
        };
        let _ = writeln!(page, "<tr><td><code>/in/{}</code><td>{place}</tr>", escape(name));
    }
    page.push_str("</table>\n<h3>Commands</h3>\n<ol>\n");
    for argv in &step.run {
        let words: Vec<String> = argv.iter().map(|word| escape(&word_of(word))).collect();
        let _ = writeln!(page, "<li><code>{}</code>", words.join(" "));
    }
    page.push_str("</ol>\n");
    if !step.environment.is_empty() {
        page.push_str("<h3>Environment</h3>\n<ul>\n");
        for (name, value) in &step.environment {
            let _ = writeln!(page, "<li><code>{}={}</code>", escape(name), escape(value));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("<h3>Outputs</h3>\n<table>\n");
    for (name, output) in &node.outputs {
        let _ = writeln!(page, "<tr><td><code>/out/{}</code><td>{}</tr>", escape(name), described(output));
    }
    page.push_str("</table></section>\n");
}

fn described(output: &GraphOutput) -> String {
    let bytes = output.size.map_or_else(|| "not built".to_owned(), size);
    let built = output.object.as_deref().and_then(|object| object.split_once('-'));
    match (&output.pin, built) {
        (Some(pin), Some((kind, hash))) if pin == hash => {
            format!("{kind}, {bytes}, as pinned<br><code class=\"hash\">sha256 {pin}</code>")
        }
        (Some(pin), Some((kind, hash))) => format!(
            "{kind}, {bytes}, <b>not what is pinned</b><br><code class=\"hash\">pin {pin}<br>built {}</code>",
            escape(hash)
        ),
        (Some(pin), None) => format!("{bytes}<br><code class=\"hash\">sha256 {pin}</code>"),
        (None, Some((kind, hash))) => {
            format!("{kind}, {bytes}, not pinned<br><code class=\"hash\">sha256 {}</code>", escape(hash))
        }
        (None, None) => format!("{bytes}, not pinned"),
    }
}

/// An argument as a person reads it: in quotes where it has blanks or nothing.
fn word_of(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '\'', '"', '\t', '\n']) {
        format!("{word:?}")
    } else {
        word.to_owned()
    }
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// Text for HTML, between tags and in quoted attributes. Characters that steer terminals and
/// writing directions are shown as �.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{FFFD}'),
            c if c.is_control() => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}
