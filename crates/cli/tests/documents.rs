//! The manual: its links, its pipelines and its examples of output.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use test_support::{Outcome, Scratch, files, peers, project, snowguard};

/// All pages of the project: with the code in them, which holds no links, left out.
fn pages() -> BTreeMap<PathBuf, String> {
    let root = project().canonicalize().unwrap();
    let mut paths = Vec::new();
    for folder in ["docs", "bootstrap", "quality", "crates", "xtask"] {
        paths.extend(files(&root.join(folder), "md"));
    }
    for entry in std::fs::read_dir(&root).unwrap() {
        paths.push(entry.unwrap().path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut outside = true;
            let prose = text.lines().filter(|line| {
                let fence = line.trim_start().starts_with("```");
                outside ^= fence;
                outside && !fence
            });
            (path, prose.collect::<Vec<_>>().join("\n"))
        })
        .collect()
}

/// A text without its inline code.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect()
}

/// The anchor that a heading gets: its letters, digits and hyphens, blanks as hyphens.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().replace(' ', "-")
}

fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(&line.trim_start_matches('#').replace('`', ""))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let (mut links, mut problems) = (0, Vec::new());
    for (page, text) in &pages {
        for link in without_code(text).split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            links += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let found = target.canonicalize().ok();
            let leads = found.is_some_and(|target| {
                anchor.is_empty()
                    || pages.get(&target).is_some_and(|t| anchors(t).iter().any(|a| a == anchor))
            });
            if !leads {
                problems.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(problems.is_empty(), "these lead nowhere:\n{}", problems.join("\n"));
    assert!(links >= 60, "only {links} links were found");
}

/// The blocks of a page in one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(project().join(page)).unwrap();
    let begin = format!("\n```{language}\n");
    text.split(&begin).skip(1).map(|rest| rest.split_once("\n```").unwrap().0.to_owned() + "\n").collect()
}

/// By the schemas that GitHub's and GitLab's own editors use.
#[test]
fn pipelines_are_what_their_schemas_say() {
    let folder = Scratch::new();
    let check = |schema: &str, more: &[&str], text: &str| {
        folder.write("pipeline.yml", text);
        let mut command = Command::new(peers().join("bin/check-jsonschema"));
        command.args(["--builtin-schema", schema]).args(more).arg(folder.path("pipeline.yml"));
        Outcome::of(&mut command)
    };
    let [github, gitlab] = <[String; 2]>::try_from(blocks("docs/continuous-integration.md", "yaml")).unwrap();
    for (schema, more, text, right, wrong) in [
        ("vendor.github-workflows", &[][..], github, "runs-on:", "run-on:"),
        ("vendor.gitlab-ci", &["--data-transform", "gitlab-ci"], gitlab, "when: always", "when: perhaps"),
    ] {
        check(schema, more, &text).success();
        // The schema is not one that accepts everything.
        assert!(text.contains(right));
        check(schema, more, &text.replace(right, wrong)).assert_code(1);
    }
}

/// Output on a page is what the program prints on the demo's system; a line `…` stands for any
/// number of lines, and at the end of a line for its rest.
#[test]
fn output_is_what_the_program_prints() {
    let folder = Scratch::new();
    let snowguard = snowguard!().in_folder(folder.folder());
    snowguard.success("demo --folder demo");
    // The rules that the page writes, which the commands after them use.
    for block in blocks("docs/first-steps.md", "toml") {
        // The rule on the page expires one day; this test should not.
        folder.write("accepted.toml", block.replace("2027-", "2099-"));
    }
    let mut compared = 0;
    for page in ["README.md", "docs/first-steps.md"] {
        for block in blocks(page, "console") {
            let Some((command, shown)) = block.split_once('\n') else { continue };
            let Some(arguments) = command.strip_prefix("$ snowguard ") else { continue };
            if !arguments.contains("demo/") || shown.trim().is_empty() {
                continue;
            }
            let printed = snowguard.run(arguments).with_code(0).stdout;
            assert!(is_excerpt(shown, &printed), "{page}: {command}\n{printed}");
            compared += 1;
        }
    }
    assert!(compared >= 4, "only {compared} outputs were compared");
}

/// Whether `shown` is `printed` with some parts left out.
fn is_excerpt(shown: &str, printed: &str) -> bool {
    fn from(shown: &[&str], printed: &[&str]) -> bool {
        match (shown.split_first(), printed.split_first()) {
            (None, None) => true,
            (Some((&"…", rest)), _) => (0..=printed.len()).any(|skipped| from(rest, &printed[skipped..])),
            (Some((line, rest)), Some((real, others))) => {
                let same = match line.strip_suffix('…') {
                    Some(begin) => real.starts_with(begin),
                    None => line == real,
                };
                same && from(rest, others)
            }
            _ => false,
        }
    }
    fn lines(text: &str) -> Vec<&str> {
        text.trim_end().lines().map(str::trim_end).collect()
    }
    from(&lines(shown), &lines(printed))
}

#[test]
fn excerpts_are_compared() {
    assert!(is_excerpt("a\n…\nd", "a\nb\nc\nd\n"));
    assert!(is_excerpt("a b…\n", "a b c\n"));
    assert!(!is_excerpt("a\n…\nx", "a\nb\nd\n"));
    assert!(!is_excerpt("a\n", "a\nb\n"));
    assert_eq!(anchor("  Exit codes: 2?"), "exit-codes-2");
}
