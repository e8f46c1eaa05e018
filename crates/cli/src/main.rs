//! The snowguard program: arguments in, exit codes and text out.
fn main() {}
