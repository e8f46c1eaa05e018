//! Lines of nix-eval-jobs, plain or compressed.
#![no_main]

use fuzz::with_file;
use libfuzzer_sys::fuzz_target;
use scanner::targets::{ReadOptions, TargetKind, read};

fuzz_target!(|data: &[u8]| {
    if let Err(error) =
        with_file(data, |path| read(path, Some(TargetKind::EvalJobs), &ReadOptions::default()))
    {
        assert!(!error.to_string().is_empty());
    }
});
