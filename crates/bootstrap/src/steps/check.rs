//! What makes files of steps a plan.

use super::error::{MOST, StepProblem, StepsError};
use super::paths::paths;
use super::read::{CrateText, SourceText, StepText, StepsFile};
use super::{InputOrigin, Plan, RegistryCrate, SourceArchive, Step};
use crate::sandbox::StepLimits;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// Names of steps, inputs, outputs and sources: they become parts of paths.
fn check_name(of: &'static str, name: &str) -> Result<(), StepProblem> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    if name.is_empty() || name.len() > 100 || name.starts_with(['.', '-']) || !name.chars().all(fits) {
        return Err(StepProblem::Name { of, name: name.to_owned() });
    }
    Ok(())
}

/// A path below a folder, that does not lead out of it.
fn inner_path(text: &str) -> Result<PathBuf, StepProblem> {
    let path = Path::new(text);
    if text.is_empty() || path.components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(StepProblem::Outside(text.to_owned()));
    }
    Ok(path.to_owned())
}

/// Makes a plan of files.
pub(super) fn plan(folder: &Path, files: Vec<(PathBuf, StepsFile)>) -> Result<Plan, StepsError> {
    let mut sources = BTreeMap::new();
    let mut steps: BTreeMap<String, Step> = BTreeMap::new();
    let mut order = Vec::new();
    for (file, content) in files {
        for text in content.source {
            let name = text.name.clone();
            let wrong = |source| StepsError::Archive { file: file.clone(), name: name.clone(), source };
            let source = source(text).map_err(wrong)?;
            if sources.insert(source.name.clone(), source).is_some() {
                return Err(wrong(StepProblem::Duplicate));
            }
        }
        for text in content.step {
            let name = text.name.clone();
            let wrong = |source| StepsError::Step { file: file.clone(), step: name.clone(), source };
            let step = step(text, &file).map_err(wrong)?;
            order.push(step.name.clone());
            if steps.insert(step.name.clone(), step).is_some() {
                return Err(wrong(StepProblem::Duplicate));
            }
            if steps.len() > MOST {
                return Err(wrong(StepProblem::TooMany("steps")));
            }
        }
    }
    for step in steps.values() {
        for origin in step.inputs.values() {
            let source = match origin {
                InputOrigin::Step { step: other, output } => match steps.get(other) {
                    None => StepProblem::NoStep(other.clone()),
                    Some(other) if !other.outputs.contains_key(output) => {
                        let (step, output) = (other.name.clone(), output.clone());
                        StepProblem::NoOutput { step, output, has: other.outputs.keys().cloned().collect() }
                    }
                    Some(_) => continue,
                },
                InputOrigin::Source(name) | InputOrigin::Unpacked { source: name, .. }
                    if !sources.contains_key(name) =>
                {
                    StepProblem::NoSource(name.clone())
                }
                InputOrigin::File(path) if !folder.join(path).exists() => StepProblem::NoFile(path.clone()),
                _ => continue,
            };
            return Err(StepsError::Step { file: step.file.clone(), step: step.name.clone(), source });
        }
    }
    Ok(Plan { folder: folder.to_owned(), steps: sort(&order, &steps)?, sources })
}

fn source(text: SourceText) -> Result<SourceArchive, StepProblem> {
    check_name("a source", &text.name)?;
    let registry = match text.registry {
        Some(CrateText { name, version }) => {
            check_crate(&name, &version)?;
            Some(RegistryCrate { name, version })
        }
        None => None,
    };
    let file = text
        .file
        .or_else(|| text.debian.as_ref()?.file.clone())
        .or_else(|| {
            registry.as_ref().map(|RegistryCrate { name, version }| format!("{name}-{version}.crate"))
        })
        .ok_or(StepProblem::NoFileName)?;
    check_name("a file", &file)?;
    if let Some(debian) = &text.debian {
        check_name("a package", &debian.package)?;
        check_name("a version", debian.version.as_deref().unwrap_or("any"))?;
    }
    let debian = text.debian.map(|debian| match debian.version {
        Some(version) => format!("{}={version}", debian.package),
        None => debian.package,
    });
    for url in &text.urls {
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            return Err(StepProblem::Url(url.clone()));
        }
    }
    let SourceText { name, sha256, size, urls, tried, .. } = text;
    let source = SourceArchive { name, file, sha256, size, debian, registry, urls, tried };
    for (place, tried) in &source.tried {
        if !source.places().iter().any(|known| known.name == place) {
            return Err(StepProblem::NoPlace(place.clone()));
        }
        if !tried.is_dated() {
            return Err(StepProblem::NoDay(tried.on.clone()));
        }
    }
    Ok(source)
}

/// They become part of a manifest, where a name could otherwise be anything.
fn check_crate(name: &str, version: &str) -> Result<(), StepProblem> {
    let fits = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    if !fits(name, "-_") || !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.len() > 64 {
        return Err(StepProblem::CrateName(name.to_owned()));
    }
    if !fits(version, "+-.") || version.len() > 100 || version.split('.').count() < 3 {
        return Err(StepProblem::CrateVersion(version.to_owned()));
    }
    Ok(())
}

fn step(text: StepText, file: &Path) -> Result<Step, StepProblem> {
    check_name("a step", &text.name)?;
    let mut inputs = BTreeMap::new();
    for (name, origin) in text.inputs {
        check_name("an input", &name)?;
        let origin = self::origin(&origin)
            .map_err(|problem| StepProblem::Input { name: name.clone(), source: Box::new(problem) })?;
        inputs.insert(name, origin);
    }
    let mut outputs = BTreeMap::new();
    for (name, output) in text.outputs {
        check_name("an output", &name)?;
        outputs.insert(name, output.sha256);
    }
    if outputs.is_empty() {
        return Err(StepProblem::NoOutputs);
    }
    if text.run.is_empty() {
        return Err(StepProblem::NoCommands);
    }
    let mut run = Vec::new();
    for command in text.run {
        check_command(&command.argv, &inputs)?;
        run.push(command.argv);
    }
    if inputs.len().max(run.len()) > MOST {
        return Err(StepProblem::TooMany("inputs or commands"));
    }
    for (name, value) in &text.environment {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(StepProblem::Variable(name.clone()));
        }
    }
    check_limits(&text.limits)?;
    let (name, summary, environment) = (text.name, text.summary, text.environment);
    let (proc, arch, limits, file) = (text.proc, text.arch, text.limits, file.to_owned());
    Ok(Step { name, summary, inputs, run, environment, proc, arch, limits, outputs, file })
}

/// Below these, not even the first program of the chain could be started.
fn check_limits(limits: &StepLimits) -> Result<(), StepProblem> {
    let least = [
        ("seconds", limits.seconds, 1),
        ("memory_mib", limits.memory_mib, 16),
        ("processes", limits.processes, 1),
        ("output_mib", limits.output_mib, 1),
        ("files", limits.files, 1),
        ("log_mib", limits.log_mib, 1),
    ];
    match least.into_iter().find(|(_, value, least)| value < least) {
        Some((key, value, least)) => Err(StepProblem::Limit { key, value, least }),
        None => Ok(()),
    }
}

/// Where an input comes from.
pub(crate) fn origin(text: &str) -> Result<InputOrigin, StepProblem> {
    let unknown = || StepProblem::Origin(text.to_owned());
    if text == "seed" {
        return Ok(InputOrigin::Seed);
    }
    let (kind, rest) = text.split_once(':').ok_or_else(unknown)?;
    match kind {
        "step" => {
            let (step, output) = rest.split_once('/').ok_or_else(unknown)?;
            Ok(InputOrigin::Step { step: step.into(), output: output.into() })
        }
        "file" => Ok(InputOrigin::File(inner_path(rest)?)),
        "source" => match rest.split_once('!') {
            None => Ok(InputOrigin::Source(rest.into())),
            Some((source, "" | "/")) => {
                Ok(InputOrigin::Unpacked { source: source.into(), path: PathBuf::new() })
            }
            Some((source, path)) => {
                let path = inner_path(path.strip_prefix('/').ok_or_else(unknown)?)?;
                Ok(InputOrigin::Unpacked { source: source.into(), path })
            }
        },
        _ => Err(unknown()),
    }
}

/// A step runs its inputs, and names nothing of the host: whatever looks like an absolute path must
/// be in the sandbox.
fn check_command(argv: &[String], inputs: &BTreeMap<String, InputOrigin>) -> Result<(), StepProblem> {
    const INSIDE: &[&str] = &["/in/", "/out/", "/build/", "/dev/null", "/dev/zero", "/proc/"];
    let program = argv.first().ok_or(StepProblem::EmptyCommand)?;
    if argv.len() > MOST {
        return Err(StepProblem::TooMany("arguments of a command"));
    }
    if argv.iter().any(|argument| argument.contains('\0')) {
        return Err(StepProblem::ZeroByte);
    }
    for argument in argv {
        for (_, path) in paths(argument) {
            let inside = |place: &&str| path.starts_with(*place) || path == place.trim_end_matches('/');
            if path.split('/').any(|part| part == "..") {
                return Err(StepProblem::Up(argument.clone()));
            }
            if !path.starts_with("//") && !INSIDE.iter().any(inside) {
                return Err(StepProblem::Host { argument: argument.clone(), path: path.to_owned() });
            }
        }
    }
    if let Some(rest) = program.strip_prefix("/in/") {
        let input = rest.split('/').next().unwrap_or_default();
        if !inputs.contains_key(input) {
            return Err(StepProblem::NoInput { program: program.clone(), input: input.to_owned() });
        }
    } else if !["./", "/build/", "/out/"].iter().any(|place| program.starts_with(place)) {
        return Err(StepProblem::Program(program.clone()));
    }
    Ok(())
}

/// Puts every step behind those that it needs, otherwise in the order of the files.
fn sort(order: &[String], steps: &BTreeMap<String, Step>) -> Result<Vec<Step>, StepsError> {
    let mut sorted: Vec<Step> = Vec::new();
    let mut done: Vec<&str> = Vec::new();
    // Depth first, with the way down kept: a step on it that is met again closes a cycle.
    for name in order {
        let mut way: Vec<(&str, Vec<&str>)> = vec![(name, needs(&steps[name]))];
        while let Some((name, left)) = way.last_mut() {
            let name = *name;
            let Some(next) = left.pop() else {
                if !done.contains(&name) {
                    done.push(name);
                    sorted.push(steps[name].clone());
                }
                way.pop();
                continue;
            };
            if let Some(at) = way.iter().position(|(name, _)| *name == next) {
                let cycle = way.iter().skip(at).map(|(name, _)| (*name).to_owned());
                return Err(StepsError::Cycle(cycle.chain([next.to_owned()]).collect()));
            }
            if !done.contains(&next) {
                way.push((next, needs(&steps[next])));
            }
        }
    }
    Ok(sorted)
}

fn needs(step: &Step) -> Vec<&str> {
    // From the end, because the last one is looked at first.
    let origins = step.inputs.values().rev();
    let steps = origins.filter_map(|origin| match origin {
        InputOrigin::Step { step, .. } => Some(step.as_str()),
        _ => None,
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::Causes;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Plan, String> {
        Plan::from_texts(Path::new("/nowhere"), &[("a.toml".into(), text.into())])
            .map_err(|error| Causes(&error).to_string())
    }

    const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn step(name: &str, inputs: &str, argv: &str) -> String {
        format!(
            "[[step]]\nname = \"{name}\"\nsummary = \"\"\ninputs = {{ {inputs} }}\nrun = [{{ argv = {argv} }}]\noutputs = {{ o = {{}} }}\n"
        )
    }

    #[test]
    fn steps_come_behind_what_they_need() {
        let run = r#"["/in/a", "/out/o"]"#;
        let text = step("c", "a = 'step:b/o', d = 'step:a/o'", run)
            + &step("b", "a = 'step:a/o'", run)
            + &step("a", "a = 'seed'", run);
        let plan = read(&text).unwrap();
        assert_eq!(plan.steps.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        let only = plan.only(&["b".into()]).unwrap();
        assert_eq!(only.steps.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(
            plan.only(&["x".into()]).unwrap_err().to_string(),
            "there is no step x; there are a, b, c"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let run = r#"["/in/a", "/out/o"]"#;
        let refused = |text: &str, message: &str| {
            let error = read(text).unwrap_err();
            assert!(error.contains(message), "{error}");
        };
        refused(&(step("a", "a = 'step:b/o'", run) + &step("b", "a = 'step:a/o'", run)), "a -> b -> a");
        refused(&step("a", "a = 'step:a/o'", run), "a -> a");
        refused(&step("a", "a = 'step:b/o'", run), "a.toml: step a: there is no step b");
        refused(
            &(step("a", "a = 'step:b/p'", run) + &step("b", "a = 'seed'", run)),
            "step b has no output p; it has o",
        );
        refused(&(step("a", "a = 'seed'", run) + &step("a", "a = 'seed'", run)), "two of this name");
        refused(&step("a", "a = 'source:x!'", run), "there is no source x");
        refused(&step("a", "a = 'file:x'", run), "there is no file x");
        refused(&step("a", "a = 'file:../x'", run), "no path below the folder");
        refused(&step("a", "a = 'file:/etc/passwd'", run), "no path below the folder");
        refused(&step("a", "a = 'what'", run), "is no origin");
        refused(&step("../a", "a = 'seed'", run), "cannot be the name of a step");
        refused(&step("a", "'a/b' = 'seed'", run), "cannot be the name of an input");
        refused(&step("a", "a = 'seed'", "[]"), "a command needs at least");
        refused(&step("a", "a = 'seed'", r#"["/in/b"]"#), "has no input b");
        refused(&step("a", "a = 'seed'", r#"["cc"]"#), "it runs \"cc\"");
        for path in ["/bin/sh", "-I/usr/include", "--prefix=/usr", "a:/lib", "/in/../etc", "/inside"] {
            let text = step("a", "a = 'seed'", &format!(r#"["/in/a", "{path}"]"#));
            refused(&text, if path == "/in/../etc" { "goes up" } else { "which no step has" });
        }
        refused("[[step]]\nname = 'a'\nextra = 1\n", "unknown field `extra`");
        refused(
            &format!("[[source]]\nname = 'a'\nfile = 'a'\nsize = 1\nsha256 = '{}'\n", &SHA[1..]),
            "is no SHA-256",
        );
        refused("[[source]]\nname = 'a'\nfile = 'a'\nsize = 1\n", "missing field `sha256`");
        refused(
            &format!("[[source]]\nname = 'a'\nfile = 'a'\nsize = 1\nsha256 = '{SHA}'\nurls = ['ftp://a']\n"),
            "no address of the web",
        );
        for (tried, message) in [
            ("crate = { on = '2026-01-02', found = 'hash' }", "has no place \"crate\""),
            ("'https://a/b' = { on = '2.1.2026', found = 'size' }", "is no day"),
            ("'https://a/b' = { on = '2026-01-02', found = 'luck' }", "is no list of steps"),
        ] {
            refused(
                &format!(
                    "[[source]]\nname = 'a'\nfile = 'a'\nsize = 1\nsha256 = '{SHA}'\nurls = ['https://a/b']\n[source.tried]\n{tried}\n"
                ),
                message,
            );
        }
        for (name, version, message) in [
            ("a' b", "1.0.0", "cannot be the name of a crate"),
            ("a", "1.0", "is no whole version"),
            ("a", "1.0.0\\\"", "is no whole version"),
        ] {
            refused(
                &format!(
                    "[[source]]\nname = 'a'\nsize = 1\nsha256 = '{SHA}'\ncrate = {{ name = \"{name}\", version = \"{version}\" }}\n"
                ),
                message,
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,300}", origin in ".{0,30}", argument in ".{0,30}") {
            let _ = read(&text);
            let quoted = |text: &str| serde_json::to_string(text).unwrap();
            let _ = read(&step("a", &format!("a = {}", quoted(&origin)), &format!("[\"/in/a\", {}]", quoted(&argument))));
        }
    }
}
