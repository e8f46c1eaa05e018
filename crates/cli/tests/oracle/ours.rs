//! What our program says.

use crate::case::{Case, Split};
use crate::machine::Machine;
use authenticode::variable::{SECURITY, SHIM, VariableContent, attributes};
use serde_json::Value;

/// What `snowguard pe verify` says against each case, if it does not trust it. `groups`: cases
/// under the same lists; `options`: further ones of the call.
pub(crate) fn verdicts(
    machine: &Machine,
    cases: &[Case],
    groups: &[Vec<usize>],
    options: &[&str],
) -> Vec<Result<(), String>> {
    let mut verdicts = vec![Ok(()); cases.len()];
    for (number, members) in groups.iter().enumerate() {
        let folder = format!("machine{number}");
        std::fs::create_dir(machine.path(&folder)).unwrap();
        let lists = &cases[members[0]].lists;
        for (name, value) in lists.variables() {
            let Some(value) = value else { continue };
            let file = machine.path(&format!("{folder}/{name}-{SECURITY}"));
            let content = VariableContent { attributes: attributes::KEYS, data: value.to_vec() };
            std::fs::write(file, content.write()).unwrap();
        }
        for (name, list) in [("MokListRT", &lists.mok), ("MokListXRT", &lists.mokx)] {
            let parts = list.iter().flat_map(|Split(parts)| parts).enumerate();
            for (number, part) in parts {
                let number = if number == 0 { String::new() } else { number.to_string() };
                let content = VariableContent { attributes: attributes::RUNTIME, data: part.clone() };
                let file = machine.path(&format!("{folder}/{name}{number}-{SHIM}"));
                std::fs::write(file, content.write()).unwrap();
            }
        }
        let mut arguments: Vec<String> =
            ["pe", "verify", "--json", &format!("--efivars={folder}")].map(str::to_owned).to_vec();
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        for member in members {
            std::fs::write(machine.path(&format!("{member}.efi")), cases[*member].image.as_slice()).unwrap();
            arguments.push(format!("{member}.efi"));
        }
        let output = machine.snowguard.command(arguments).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        for member in members {
            let file = format!("{member}.efi");
            let line = errors.lines().find(|line| line.contains(&format!(" {file}: ")));
            verdicts[*member] = Err(line.unwrap_or(&errors).trim().to_owned());
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let verdict: Value = serde_json::from_str(line).unwrap();
            let member: usize =
                verdict["file"].as_str().unwrap().strip_suffix(".efi").unwrap().parse().unwrap();
            let problems = verdict["signatures"].as_array().unwrap().iter().map(|found| &found["problem"]);
            let told: Vec<&str> =
                [&verdict["reason"]].into_iter().chain(problems).filter_map(Value::as_str).collect();
            verdicts[member] = if verdict["trusted"] == true { Ok(()) } else { Err(told.join("; ")) };
        }
    }
    verdicts
}
