//! In place of a sandbox, where there is none.

use super::{Answer, SandboxError, SandboxTask};

/// Whether there is a sandbox here: no.
pub(super) fn check() -> Result<(), SandboxError> {
    Err(SandboxError::Unsupported)
}

/// Runs nothing.
pub(super) fn enter(_: &SandboxTask) -> Answer {
    Answer::Broken { problem: SandboxError::Unsupported.to_string(), obstacle: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{StepArch, StepLimits};
    use std::collections::BTreeMap;

    #[test]
    fn other_machines_are_refused_with_a_hint() {
        let error = check().unwrap_err();
        assert_eq!(error.to_string(), "the bootstrap's sandbox runs on x86_64-linux only");
        assert!(error.hint().unwrap().contains("x86_64-linux machine"));
        let task = SandboxTask {
            root: "/".into(),
            inputs: BTreeMap::new(),
            out: "/out".into(),
            build: "/build".into(),
            proc: false,
            shell: None,
            arch: StepArch::X86_64,
            limits: StepLimits::default(),
            run: vec![vec!["/bin/true".into()]],
            environment: BTreeMap::new(),
        };
        assert!(matches!(enter(&task), Answer::Broken { problem, .. } if problem == error.to_string()));
    }
}
