//! Profiles and generations as the real `nix-env` makes and lists them.

#![allow(clippy::unwrap_used, clippy::similar_names)]

use nix_formats::StoreDir;
use nix_formats::profile::{Profile, SystemRoot, profiles_in};
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;
use test_support::NixStore;

#[test]
fn generations() {
    let nix_store = NixStore::new("nix-formats");
    let store = StoreDir::new(&nix_store.store_dir()).unwrap();
    let root = SystemRoot::new(&test_support::toolbox());
    let link = nix_store.inside("profiles/system");
    fs::create_dir_all(nix_store.outside("profiles")).unwrap();
    let env = |args: &[&str]| nix_store.nix("nix-env").args(["--profile", &link]).args(args);

    let mut paths = Vec::new();
    for number in 1..=12 {
        let name = format!("version-{number}");
        fs::write(nix_store.outside(&name), name.as_bytes()).unwrap();
        let path =
            nix_store.nix("nix-store").args(["--add", &nix_store.inside(&name)]).text().trim().to_owned();
        env(&["--set", &path]).bytes();
        paths.push(path);
    }
    env(&["--delete-generations", "3", "4"]).bytes();
    let check = |current: u64| {
        let profile = Profile::read(&root, Path::new(&link)).unwrap();
        assert_eq!(profile.current, Some(current));
        // Lines like "   5   2026-11-23 14:16:12   (current)".
        let listed = env(&["--list-generations"]).lines();
        assert_eq!(listed.len(), profile.generations.len());
        for (line, generation) in listed.iter().zip(&profile.generations) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[0], generation.number.to_string());
            assert_eq!(words.get(3) == Some(&"(current)"), generation.number == current);
            let seconds = generation.created.duration_since(UNIX_EPOCH).unwrap().as_secs();
            let time = words[2].split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap());
            assert_eq!(seconds % 86_400, time, "{line}");
            let named = root.resolve(&store, &generation.path).unwrap();
            let index = usize::try_from(generation.number - 1).unwrap();
            assert_eq!(store.display(&named.store_path).to_string(), paths[index]);
        }
        let named = root.resolve(&store, Path::new(&link)).unwrap();
        assert_eq!(named.links.len(), 2);
        let theirs = nix_store.nix("nix-store").args(["-qR", &link]).text();
        assert_eq!(store.display(&named.store_path).to_string(), theirs.trim());
        assert_eq!(profiles_in(&root, Path::new(&link).parent().unwrap()).unwrap(), [profile]);
    };
    check(12);
    env(&["--rollback"]).bytes();
    check(11);
    env(&["--switch-generation", "2"]).bytes();
    check(2);
}
