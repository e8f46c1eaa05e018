//! The libc and tcc of `bootstrap/`, judged by glibc, by other compilers, and by tcc's own tests.
//!
//! The steps are run here without the sandbox, in folders of any name: what they give must not
//! depend on it. In the place of what the chain has built so far (`cc`, `tcc0`) stand programs that
//! the host's compilers make of the same sources.

#![allow(clippy::unwrap_used)]

mod fixed_point;
mod host;
mod libc;
mod tests2;
