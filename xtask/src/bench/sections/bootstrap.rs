//! The bootstrap: how long it takes from the seed to tcc, and the same source compiled by the
//! host's gcc.

use crate::bench::chain::Chain;
use crate::bench::measure::{self, Run};
use crate::bench::ours::Snowguard;
use crate::bench::table::{Cell, Table};
use crate::{process, workspace};
use anyhow::Context;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How often the chain is built from nothing.
const TIMES: usize = 3;

/// Measures all of it.
pub(super) fn run() -> anyhow::Result<Vec<Table>> {
    let snowguard = Snowguard::build("snowguard")?;
    let chain = Chain::prepare(&snowguard)?;
    let zero = |status| status == 0;
    let whole = measure::program(|| chain.build_from_nothing(&snowguard), TIMES, zero)?;
    let known = measure::program(|| Ok(chain.build(&snowguard)), TIMES, zero)?;
    let steps: Vec<Value> = serde_json::from_slice(&whole.output).context("the build's JSON")?;
    Ok(vec![times(&whole, &known, &steps), compilers(&steps, chain.folder(), &chain.sources())?])
}

fn milliseconds(time: Duration) -> Cell {
    Cell::Number(time.as_secs_f64() * 1e3, "ms")
}

fn times(whole: &Run, known: &Run, steps: &[Value]) -> Table {
    let mut table = Table::new("bootstrap: from the seed to tcc".to_owned(), &["what", "wall", "memory"]);
    let memory = |run: &Run| Cell::Number(run.memory as f64 / 1e6, "MB");
    table.row(vec!["the whole chain, nothing known".into(), milliseconds(whole.wall), memory(whole)]);
    table.row(vec!["again, everything known".into(), milliseconds(known.wall), memory(known)]);
    for step in steps {
        let name = step["step"].as_str().unwrap_or_default();
        let took = Duration::from_millis(step["milliseconds"].as_u64().unwrap_or_default());
        table.row(vec![format!("  step {name}, with its sandbox").into(), milliseconds(took), "".into()]);
    }
    table.note("Aims: the whole under 3 minutes, memory under 1000 MB (the largest process). Sources are there already.");
    table
}

/// tcc.c, compiled by the host's gcc and by the tccs of the chain.
fn compilers(steps: &[Value], folder: &Path, sources: &Path) -> anyhow::Result<Table> {
    let source = folder.join("source");
    fs::create_dir(&source)?;
    let archive = fs::read_dir(sources)?.next().context("no source was fetched")??.path();
    process::run(Command::new("tar").arg("-C").arg(&source).arg("-xf").arg(&archive))?;
    let config = workspace::root().join("bootstrap/tcc/config");
    let include = workspace::root().join("bootstrap/libc/include");
    let common = |command: &mut Command| {
        command.args(["-w", "-DONE_SOURCE=1", "-I"]).arg(&config).arg("-I").arg(&source);
        command.arg("-c").arg(source.join("tcc.c"));
    };
    let gcc = |level: &'static str| {
        let common = &common;
        move || {
            let mut command = Command::new("gcc");
            common(command.arg(level));
            command.arg("-o").arg("/dev/null");
            Ok(command)
        }
    };
    let made = |step: &str| -> anyhow::Result<PathBuf> {
        let found =
            steps.iter().find(|output| output["step"] == step).and_then(|output| output["path"].as_str());
        Ok(found.with_context(|| format!("no output of step {step}"))?.into())
    };
    let object = folder.join("object");
    let tcc = |program: PathBuf| {
        let (common, include, object) = (&common, &include, &object);
        move || {
            let mut command = Command::new(&program);
            common(command.arg("-nostdinc").arg("-I").arg(include));
            command.arg("-o").arg(object);
            Ok(command)
        }
    };
    let zero = |status| status == 0;
    let first = measure::program(gcc("-O0"), 3, zero)?.wall;
    let mut table =
        Table::new("bootstrap: compiling tcc.c to an object".to_owned(), &["by", "wall", "of gcc -O0"]);
    let mut row = |by: &str, wall: Duration| {
        table.row(vec![by.into(), milliseconds(wall), Cell::Ratio(first.as_secs_f64() / wall.as_secs_f64())]);
    };
    row("gcc -O0", first);
    row("gcc -O2", measure::program(gcc("-O2"), 3, zero)?.wall);
    row("tcc0, which cc has compiled", measure::program(tcc(made("tcc0")?), 5, zero)?.wall);
    row("tcc2, which tcc has compiled", measure::program(tcc(made("tcc2")?.join("tcc")), 5, zero)?.wall);
    let step = steps
        .iter()
        .find(|output| output["step"] == "tcc0")
        .and_then(|output| output["milliseconds"].as_u64());
    row(
        "step tcc0: cc, tcc.c and the whole libc to a program",
        Duration::from_millis(step.unwrap_or_default()),
    );
    table.note("New processes each time, the best of several.");
    Ok(table)
}
