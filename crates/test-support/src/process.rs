//! Running other programs.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Gives a program its input and takes its output, side by side: one after the other, both could wait for ever. A program may
/// stop reading early.
pub fn ask(command: &mut Command, input: impl Into<Vec<u8>>) -> Output {
    let input = input.into();
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}
