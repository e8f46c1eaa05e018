//! The graph in Graphviz's language (DOT).

use super::{Graph, size, time};
use crate::steps::InputOrigin;
use std::io::{self, Write};

/// Writes a `digraph`: steps as boxes, sources as folders, the seed as a circle.
pub fn write(out: &mut (impl Write + ?Sized), graph: &Graph<'_>) -> io::Result<()> {
    writeln!(out, "digraph bootstrap {{")?;
    writeln!(out, "  rankdir=TB;")?;
    writeln!(out, "  node [shape=box, fontname=\"sans-serif\"];")?;
    let has_seed =
        graph.nodes.iter().any(|node| node.step.inputs.values().any(|origin| *origin == InputOrigin::Seed));
    if has_seed {
        writeln!(out, "  {} [shape=circle, label={}];", quote("seed:"), quote("seed"))?;
    }
    for source in graph.sources.values() {
        let label = format!("{}\n{}", source.name, size(source.size));
        writeln!(
            out,
            "  {} [shape=folder, label={}];",
            quote(&format!("source:{}", source.name)),
            quote(&label)
        )?;
    }
    for node in &graph.nodes {
        let mut label = node.step.name.clone();
        let facts: Vec<String> = node.size.map(size).into_iter().chain(node.milliseconds.map(time)).collect();
        if !facts.is_empty() {
            label.push('\n');
            label.push_str(&facts.join(", "));
        }
        let name = quote(&format!("step:{}", node.step.name));
        writeln!(out, "  {name} [label={}, tooltip={}];", quote(&label), quote(&node.step.summary))?;
        let mut from: Vec<String> = node
            .step
            .inputs
            .values()
            .filter_map(|origin| match origin {
                InputOrigin::Seed => Some("seed:".to_owned()),
                InputOrigin::Step { step, .. } => Some(format!("step:{step}")),
                InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. } => {
                    Some(format!("source:{name}"))
                }
                InputOrigin::File(_) => None,
            })
            .collect();
        from.sort();
        from.dedup();
        for from in from {
            writeln!(out, "  {} -> {name};", quote(&from))?;
        }
    }
    writeln!(out, "}}")
}

/// A quoted string of DOT. Only `"` ends it; a backslash begins an escape, of which `\n` and `\\`
/// are used here.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push('\u{FFFD}'),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
