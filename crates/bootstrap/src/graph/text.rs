//! The graph as a table of text, by levels.

use super::{Graph, size, time};
use crate::steps::InputOrigin;
use std::io::{self, Write};

/// Writes the levels, in each the steps with size, time and what they need.
pub fn write(out: &mut (impl Write + ?Sized), graph: &Graph<'_>) -> io::Result<()> {
    let width = graph.nodes.iter().map(|node| node.step.name.len()).max().unwrap_or(0).max(4);
    let levels = graph.nodes.iter().map(|node| node.level).max().map_or(0, |level| level + 1);
    for level in 0..levels {
        writeln!(out, "level {level}")?;
        for node in graph.nodes.iter().filter(|node| node.level == level) {
            let took = node.milliseconds.map_or_else(|| "not built".to_owned(), time);
            let bytes = node.size.map_or_else(String::new, size);
            let pinned = node.outputs.values().filter(|output| output.pin.is_some()).count();
            let pins = if pinned == node.outputs.len() { "" } else { "  (not pinned)" };
            writeln!(
                out,
                "  {:<width$}  {bytes:>9}  {took:>11}  {}{pins}",
                node.step.name,
                terminal::clean(&node.step.summary)
            )?;
            let from: Vec<String> = node
                .step
                .inputs
                .iter()
                .map(|(name, origin)| match origin {
                    // The usual name says it already.
                    InputOrigin::Step { output, step } if output == name && step == name => step.clone(),
                    other => other.to_string(),
                })
                .collect();
            writeln!(out, "  {:<width$}  {:>9}  {:>11}  from {}", "", "", "", from.join(", "))?;
        }
    }
    let built = graph.nodes.iter().filter(|node| node.milliseconds.is_some()).count();
    let steps = graph.nodes.len();
    writeln!(out, "{steps} steps, {built} of them built, {} in all", time(graph.milliseconds()))
}
