//! Everything the project automates.
fn main() {}
