//! The graph, judged by others: DOT by the parser of pydot, HTML by Chromium.

#![allow(clippy::unwrap_used)]

mod common;

use bootstrap::Built;
use bootstrap::graph::{Graph, dot, html, text};
use common::{made_up, plan, pretended};
use std::collections::BTreeSet;
use test_support::Browser;

/// Texts that would get out of quotes, tags and attributes if they could.
const HOSTILE: &str = r#"\"]; x -> y; </title><script>document.title='owned'</script> & \\ 'é' $(id)"#;

fn hostile() -> (tempfile::TempDir, bootstrap::Plan) {
    let summary = serde_json::to_string(HOSTILE).unwrap();
    made_up(&format!(
        "[[step]]\nname = 'a'\nsummary = {summary}\ninputs = {{ seed = 'seed', 'f' = 'file:f' }}\n\
         run = [{{ argv = ['/in/seed', {summary}] }}]\noutputs = {{ o = {{}} }}\n\
         [[step]]\nname = 'b'\nsummary = 'B'\ninputs = {{ a = 'step:a/o' }}\nrun = [{{ argv = ['/in/a'] }}]\noutputs = {{ o = {{}} }}\n\
         [[step]]\nname = 'c'\nsummary = 'C'\ninputs = {{ a = 'step:a/o', b = 'step:b/o' }}\nrun = [{{ argv = ['/in/a'] }}]\n\
         outputs = {{ o = {{}} }}\n"
    ))
}

#[test]
fn dot_is_read_by_a_parser_of_others() {
    for (plan, steps) in [(plan(), None), (hostile().1, Some(3))] {
        let built = pretended(&plan);
        let graph = Graph::new(&plan, &built);
        let mut text = Vec::new();
        dot::write(&mut text, &graph).unwrap();
        let script = "import json, pydot, sys\n\
            graphs = pydot.graph_from_dot_data(sys.stdin.read())\n\
            assert len(graphs) == 1\n\
            plain = lambda name: name.strip('\"')\n\
            print(json.dumps({'nodes': [plain(n.get_name()) for n in graphs[0].get_nodes()],\n\
              'tooltips': [n.get('tooltip') for n in graphs[0].get_nodes()],\n\
              'edges': [[plain(e.get_source()), plain(e.get_destination())] for e in graphs[0].get_edges()]}))";
        let output = test_support::run_with_input(&mut test_support::python(script), text);
        assert!(output.status.success(), "{output:?}");
        let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let names: BTreeSet<&str> = read["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|n| n.as_str()?.strip_prefix("step:"))
            .collect();
        assert_eq!(names, plan.steps.iter().map(|step| step.name.as_str()).collect());
        let edges: BTreeSet<(String, String)> = read["edges"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|edge| edge[0].as_str().unwrap().starts_with("step:"))
            .map(|edge| {
                (edge[0].as_str().unwrap()[5..].to_owned(), edge[1].as_str().unwrap()[5..].to_owned())
            })
            .collect();
        let name = |node: usize| graph.nodes[node].step.name.clone();
        assert_eq!(edges, graph.edges.iter().map(|&(from, to)| (name(from), name(to))).collect());
        if let Some(steps) = steps {
            assert_eq!(names.len(), steps);
        }
    }
}

#[test]
fn text_and_json_name_every_step() {
    let plan = plan();
    for built in [Built::default(), pretended(&plan)] {
        let graph = Graph::new(&plan, &built);
        let mut out = Vec::new();
        text::write(&mut out, &graph).unwrap();
        let out = String::from_utf8(out).unwrap();
        let json = graph.json();
        for (number, step) in plan.steps.iter().enumerate() {
            assert!(out.contains(&step.summary), "{out}");
            assert_eq!(json["steps"][number]["name"], step.name);
            assert_eq!(json["steps"][number]["milliseconds"].is_u64(), built.steps.contains_key(&step.name));
        }
        // A step is on a higher level than all that it needs.
        for &(from, to) in &graph.edges {
            assert!(graph.nodes[from].level < graph.nodes[to].level);
        }
    }
}

#[test]
fn the_page_works_in_a_browser_without_script_and_network() {
    for (name, plan) in [("hostile", hostile().1), ("chain", plan())] {
        let built = pretended(&plan);
        let folder = tempfile::tempdir().unwrap();
        let mut page = Vec::new();
        html::write(&mut page, &Graph::new(&plan, &built)).unwrap();
        assert!(!String::from_utf8_lossy(&page).contains("<script>document"));
        std::fs::write(folder.path().join("graph.html"), page).unwrap();
        let mut browser = Browser::start(folder.path());
        browser.resize(1280, 900);
        browser.look("screen", "light");
        browser.open("graph.html");
        assert_eq!(browser.value("document.title"), "Bootstrap");
        let boxes = browser.value("document.querySelectorAll('svg a').length");
        assert_eq!(boxes, plan.steps.len());
        // Nothing was asked for but the page itself, and the policy stopped nothing.
        let asked = browser.events.iter().filter(|e| e["method"] == "Network.requestWillBeSent").count();
        let complaints = browser.events.iter().filter(|e| e["method"] == "Log.entryAdded").count();
        assert_eq!((asked, complaints), (1, 0), "{:?}", browser.events);

        // Boxes are apart, and texts inside of their boxes.
        let overlaps = browser.value(
            "(b => { let n = 0; for (let i = 0; i < b.length; i++) for (let j = 0; j < i; j++) {
               const p = b[i], q = b[j];
               if (p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom) n++; } return n; })
             ([...document.querySelectorAll('rect.box')].map(r => r.getBoundingClientRect()))",
        );
        assert_eq!(overlaps, 0);
        let outside = browser.value(
            "[...document.querySelectorAll('svg a')].filter(a => {
               const r = a.querySelector('rect.box').getBoundingClientRect();
               return [...a.querySelectorAll('text')].some(t => t.getBoundingClientRect().right > r.right); }).length",
        );
        assert_eq!(outside, 0);

        let seen = |browser: &mut Browser| {
            browser.value("[...document.querySelectorAll('aside section')].filter(s => s.getBoundingClientRect().height > 0).map(s => s.id)")
        };
        assert_eq!(seen(&mut browser), serde_json::json!([""]));
        if let Some(pictures) = std::env::var_os("SNOWGUARD_TEST_PICTURES") {
            std::fs::write(
                std::path::Path::new(&pictures).join(format!("graph-{name}.png")),
                browser.picture(),
            )
            .unwrap();
        }
        let last = plan.steps.len() - 1;
        browser.click(&format!("svg a[href='#s{last}']"));
        assert_eq!(seen(&mut browser), serde_json::json!([format!("s{last}")]));
        let shown = browser.value(&format!("document.querySelector('#s{last}').innerText"));
        for argument in plan.steps[last].run.iter().flatten().filter(|a| !a.contains(' ')) {
            assert!(shown.as_str().unwrap().contains(argument), "{shown}");
        }
        if let Some(pictures) = std::env::var_os("SNOWGUARD_TEST_PICTURES") {
            browser.look("screen", if name == "chain" { "dark" } else { "light" });
            let path = std::path::Path::new(&pictures).join(format!("graph-{name}-step.png"));
            std::fs::write(path, browser.picture()).unwrap();
        }
    }
}
