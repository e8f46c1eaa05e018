//! The list of commands, followed without driver and shell: its outputs have the pinned hashes.

#![allow(clippy::unwrap_used)]

mod common;

use bootstrap::{Digest, Object, replay};
use common::{follow, made_up, plan};

#[test]
fn the_list_alone_leads_from_the_seed_to_the_c_compiler() {
    let plan = plan().only(&["cc".to_owned(), "run".to_owned()]).unwrap();
    let room = follow(&plan);
    let mut pinned = 0;
    for lines in replay::lines(&plan, "bootstrap").unwrap() {
        for (file, pin) in &lines.outputs {
            let object = Object::at(&room.path().join(file)).unwrap();
            if let Some(pin) = pin {
                pinned += 1;
                assert_eq!(object.sha256.to_string(), *pin, "{file}");
            }
        }
    }
    assert!(pinned >= 6, "only {pinned} outputs are pinned");
    // The seed made itself.
    let bytes = |name: &str| std::fs::read(room.path().join(name)).unwrap();
    assert_eq!(Digest::of(&bytes("seed")), Digest::of(&bytes(replay::SEED)));
}

#[test]
fn the_chain_s_own_runner_runs_commands() {
    let plan = plan().only(&["run".to_owned()]).unwrap();
    let room = follow(&plan);
    let run = |words: &[&str]| {
        let output = std::process::Command::new(room.path().join("run")).args(words).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let told = |code: i32, text: &str| (Some(code), text.to_owned());
    assert_eq!(run(&["/bin/echo", "a", "b", ";", "/bin/echo", ";x", "c;"]), told(0, "a b\n;x c;\n"));
    assert_eq!(run(&["/bin/echo", "a", ";", "/bin/false", ";", "/bin/echo", "b"]), told(1, "a\n"));
    assert_eq!(run(&["/bin/sh", "-c", "kill -9 $$", ";", "/bin/echo", "b"]), told(1, ""));
    assert_eq!(run(&["/bin/sh", "-c", "exit 3"]), told(1, ""));
    assert_eq!(run(&["/nowhere", ";", "/bin/echo", "b"]), told(1, ""));
    assert_eq!(run(&[]), told(1, ""));
    assert_eq!(run(&[";"]), told(1, ""));
}

#[test]
fn what_no_list_can_say_is_an_error() {
    let made = |argument: &str, more: &str| {
        let text = format!(
            "[[step]]\nname = 'a'\nsummary = ''\ninputs = {{ seed = 'seed' }}\nrun = [{{ argv = ['/in/seed', '{argument}'] }}]\n\
             outputs = {{ o = {{}}, p = {{}} }}\n{more}\n"
        );
        replay::lines(&made_up(&text).1, "x")
            .map(|lines| lines[0].commands[0].join(" "))
            .map_err(|e| e.to_string())
    };
    assert_eq!(made("-I/out/o", ""), Ok("./seed0 -Ia-o".to_owned()));
    assert_eq!(made("a=/build/b", ""), Ok("./seed0 a=./b".to_owned()));
    assert_eq!(made("c/out/o", ""), Ok("./seed0 c/out/o".to_owned()));
    assert!(made("a b", "").unwrap_err().contains("blank"));
    assert!(made("", "").unwrap_err().contains("blank"));
    assert!(made("a", "environment = { X = 'y' }").unwrap_err().contains("needs more"));
}
