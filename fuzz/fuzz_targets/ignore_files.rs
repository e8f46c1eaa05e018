//! Ignore files of other scanners.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanner::suppress;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for (name, extension) in
        [(".trivyignore", None), (".grype.yaml", Some("yaml")), ("osv-scanner.toml", Some("toml"))]
    {
        match suppress::parse(text, name, extension) {
            Err(error) => assert!(!error.to_string().is_empty()),
            Ok(rules) => assert!(rules.iter().all(|rule| rule.origin.starts_with(name))),
        }
    }
});
