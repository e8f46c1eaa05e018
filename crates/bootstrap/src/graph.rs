//! The chain as a picture: which step needs which, what each took and what it left.
//!
//! [`Graph`] is the plan with what is known of a build; [`text`], [`dot`] and [`html`] show it, and
//! [`Graph::json`] gives it to programs. Levels are the longest way from a step that needs no
//! other: steps of one level can be built at the same time.

pub mod dot;
pub mod html;
mod layout;
pub mod text;

use crate::built::Built;
use crate::steps::{InputOrigin, Plan, SourceArchive, Step};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A plan, with what is known of its build.
#[derive(Debug)]
pub struct Graph<'a> {
    /// The steps, each behind those that it needs.
    pub nodes: Vec<GraphNode<'a>>,
    /// Steps that need others: (who is needed, who needs it), as indices of `nodes`, each pair
    /// once.
    pub edges: Vec<(usize, usize)>,
    /// The sources that steps use, by name.
    pub sources: BTreeMap<&'a str, &'a SourceArchive>,
}

/// One step.
#[derive(Debug)]
pub struct GraphNode<'a> {
    /// The step.
    pub step: &'a Step,
    /// How many steps are before it at least, counted along the longest way.
    pub level: usize,
    /// How long it ran, in milliseconds, if it was built.
    pub milliseconds: Option<u64>,
    /// Bytes of all its outputs, if it was built.
    pub size: Option<u64>,
    /// Outputs by name, as built.
    pub outputs: BTreeMap<&'a str, GraphOutput>,
}

/// An output.
#[derive(Debug, Clone, Default)]
pub struct GraphOutput {
    /// The pin, as hexadecimal digits.
    pub pin: Option<String>,
    /// What was built: `KIND-SHA256`.
    pub object: Option<String>,
    /// Its bytes; of a folder, those of all its files.
    pub size: Option<u64>,
}

impl<'a> Graph<'a> {
    /// The graph of a plan; `built` may know all, some or none of the steps.
    pub fn new(plan: &'a Plan, built: &Built) -> Self {
        let index: BTreeMap<&str, usize> =
            plan.steps.iter().enumerate().map(|(i, s)| (s.name.as_str(), i)).collect();
        let mut nodes: Vec<GraphNode<'a>> = Vec::new();
        let mut edges = Vec::new();
        let mut sources = BTreeMap::new();
        for (number, step) in plan.steps.iter().enumerate() {
            let mut level = 0;
            for origin in step.inputs.values() {
                match origin {
                    InputOrigin::Step { step, .. } => {
                        if let Some(&needed) = index.get(step.as_str()) {
                            level = level.max(nodes.get(needed).map_or(0, |node| node.level + 1));
                            if !edges.contains(&(needed, number)) {
                                edges.push((needed, number));
                            }
                        }
                    }
                    InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. } => {
                        if let Some(source) = plan.sources.get(name) {
                            sources.insert(name.as_str(), source);
                        }
                    }
                    InputOrigin::Seed | InputOrigin::File(_) => {}
                }
            }
            let known = built.steps.get(&step.name);
            let outputs: BTreeMap<&str, GraphOutput> = step
                .outputs
                .iter()
                .map(|(name, pin)| {
                    let found = known.and_then(|known| known.outputs.get(name));
                    let output = GraphOutput {
                        pin: pin.map(|pin| pin.to_string()),
                        object: found.map(|found| found.object.to_string()),
                        size: found.map(|found| found.size),
                    };
                    (name.as_str(), output)
                })
                .collect();
            let size = outputs.values().map(|output| output.size).sum::<Option<u64>>();
            let milliseconds = known.map(|known| known.milliseconds);
            nodes.push(GraphNode { step, level, milliseconds, size, outputs });
        }
        Self { nodes, edges, sources }
    }

    /// The sum of all times that are known, in milliseconds.
    pub fn milliseconds(&self) -> u64 {
        self.nodes.iter().filter_map(|node| node.milliseconds).sum()
    }

    /// The graph for programs: `steps` (in building order), `sources`.
    pub fn json(&self) -> Value {
        let steps: Vec<Value> = self
            .nodes
            .iter()
            .map(|node| {
                let step = node.step;
                let inputs: serde_json::Map<String, Value> = step
                    .inputs
                    .iter()
                    .map(|(name, origin)| (name.clone(), json!(origin.to_string())))
                    .collect();
                let outputs: serde_json::Map<String, Value> = node
                    .outputs
                    .iter()
                    .map(|(name, output)| {
                        let value =
                            json!({ "sha256": output.pin, "object": output.object, "size": output.size });
                        ((*name).to_owned(), value)
                    })
                    .collect();
                json!({
                    "name": step.name,
                    "summary": step.summary,
                    "level": node.level,
                    "needs": self.needs(node).collect::<Vec<_>>(),
                    "inputs": inputs,
                    "run": step.run,
                    "environment": step.environment,
                    "outputs": outputs,
                    "milliseconds": node.milliseconds,
                })
            })
            .collect();
        let sources: Vec<Value> = self
            .sources
            .values()
            .map(|source| {
                json!({
                    "name": source.name,
                    "file": source.file,
                    "sha256": source.sha256.to_string(),
                    "size": source.size,
                    "debian": source.debian,
                    "urls": source.urls,
                })
            })
            .collect();
        json!({ "steps": steps, "sources": sources })
    }

    /// The names of the steps that a step needs, each once.
    pub fn needs(&self, node: &GraphNode<'a>) -> impl Iterator<Item = &'a str> {
        let mut names: Vec<&'a str> = node
            .step
            .inputs
            .values()
            .filter_map(|origin| match origin {
                InputOrigin::Step { step, .. } => Some(step.as_str()),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }
}

/// A time for people: `20 ms`, `1.05 s`, `1 min 5 s`.
pub fn time(milliseconds: u64) -> String {
    if milliseconds < 100 {
        return format!("{milliseconds} ms");
    }
    if milliseconds < 60_000 {
        return format!("{:.2} s", milliseconds as f64 / 1000.0);
    }
    format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1000)
}

/// A size for people: `255 B`, `11.5 KB`; K is 1000.
pub fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        _ if bytes < 1e3 => format!("{bytes} B"),
        _ if bytes < 1e6 => format!("{:.1} KB", bytes / 1e3),
        _ if bytes < 1e9 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} GB", bytes / 1e9),
    }
}
