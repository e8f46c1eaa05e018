//! Store paths, short: the newest evaluation of each channel has hundreds of thousands, and all but
//! the hash of most is the derivation's name, which is known.

const STORE: &str = "/nix/store/";
const HASH: usize = 32;

/// Whether this is the hash part of a store path and nothing else.
fn is_hash(text: &str) -> bool {
    text.len() == HASH && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The hash of a path whose name ends as expected; else the path.
fn short<'p>(path: &'p str, name: &str) -> &'p str {
    let parts = path.strip_prefix(STORE).and_then(|rest| rest.split_at_checked(HASH));
    match parts {
        Some((hash, rest)) if is_hash(hash) && rest.strip_prefix('-') == Some(name) => hash,
        _ => path,
    }
}

fn long(kept: &str, name: &str) -> String {
    if is_hash(kept) { format!("{STORE}{kept}-{name}") } else { kept.to_owned() }
}

/// The path of the `.drv`, as it is kept.
pub(super) fn derivation(path: &str, name: &str) -> String {
    short(path, &format!("{name}.drv")).to_owned()
}

/// The path of the `.drv` of a kept form.
pub fn derivation_path(kept: &str, name: &str) -> String {
    long(kept, &format!("{name}.drv"))
}

/// The name of an output's path.
fn output_name(name: &str, output: &str) -> String {
    if output == "out" { name.to_owned() } else { format!("{name}-{output}") }
}

/// Outputs, as they are kept. Neither names nor paths have line breaks, and names no `=`.
pub(super) fn outputs(outputs: &[(String, Option<String>)], name: &str) -> String {
    let line = |(output, path): &(String, Option<String>)| match path {
        Some(path) => format!("{output}={}", short(path, &output_name(name, output))),
        None => output.clone(),
    };
    outputs.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The outputs of a kept form.
pub fn output_paths(kept: &str, name: &str) -> Vec<(String, Option<String>)> {
    let line = |line: &str| match line.split_once('=') {
        Some((output, path)) => (output.to_owned(), Some(long(path, &output_name(name, output)))),
        None => (line.to_owned(), None),
    };
    kept.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_hash_is_kept_of_usual_paths() {
        let hash = "0".repeat(HASH);
        assert_eq!(derivation(&format!("/nix/store/{hash}-a-1.drv"), "a-1"), hash);
        let given = [
            ("dev".to_owned(), Some(format!("/nix/store/{hash}-a-1-dev"))),
            ("out".to_owned(), Some(format!("/nix/store/{hash}-a-1"))),
        ];
        assert_eq!(outputs(&given, "a-1"), format!("dev={hash}\nout={hash}"));
        let elsewhere = format!("/gnu/store/{hash}-a-1.drv");
        assert_eq!(derivation(&elsewhere, "a-1"), elsewhere);
    }

    proptest! {
        #[test]
        fn whatever_is_kept_comes_back(
            store in "(/nix/store/|/gnu/store/|)",
            hash in "[0-9a-z]{31,33}",
            name in "[a-z0-9.=-]{1,9}",
            other in "[a-z0-9.-]{1,9}",
            names in proptest::collection::vec(("(out|dev|[a-z]{1,4})", any::<bool>()), 0..5),
        ) {
            let path = format!("{store}{hash}-{other}");
            // A bare hash is no path.
            prop_assert_eq!(derivation_path(&derivation(&path, &name), &name), path.clone());
            let usual = format!("{store}{hash}-{name}.drv");
            prop_assert_eq!(derivation_path(&derivation(&usual, &name), &name), usual);
            let given: Vec<_> = names.iter().map(|(output, known)| {
                (output.clone(), known.then(|| format!("{store}{hash}-{}", output_name(&name, output))))
            }).collect();
            prop_assert_eq!(output_paths(&outputs(&given, &name), &name), given);
        }
    }
}
