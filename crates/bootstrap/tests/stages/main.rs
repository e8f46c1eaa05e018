//! The stages below the C compiler: seed, labels, linker, assembler, subset.
//!
//! GNU as and objdump judge the machine code, the host's gcc judges what programs in the subset do.
//! The stages are built here as the steps of `bootstrap/steps` say, each by those before it,
//! without the sandbox.

#![allow(clippy::unwrap_used)]

mod chain;
mod encodings;
mod hostile;
mod listings;
mod low;
mod random;
mod subset;
