//! Lines of nix-eval-jobs, plain or compressed.
#![no_main]

use fuzz::with_file;
use libfuzzer_sys::fuzz_target;
use scanner::targets::eval_jobs;

fuzz_target!(|data: &[u8]| {
    if let Err(error) = with_file(data, eval_jobs::read) {
        assert!(!error.to_string().is_empty());
    }
});
