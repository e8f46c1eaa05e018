//! What a machine's variables say.

use authenticode::Guid;
use authenticode::certificate::Certificate;
use authenticode::lists::{self, ListError, SignatureDatabase};
use authenticode::sbat::{SbatError, SbatLevel};
use authenticode::variable::{Variable, VariableContent};

/// The owner of what Microsoft puts into lists.
pub const MICROSOFT: Guid =
    Guid::new(0x77fa_9abd, 0x0359, 0x4d32, [0xbd, 0x60, 0x28, 0xf4, 0xe7, 0x8f, 0x78, 0x4b]);

/// The name of an owner who is known.
pub fn owner_name(owner: Guid) -> Option<&'static str> {
    const SHIM: Guid = authenticode::variable::SHIM;
    match owner {
        MICROSOFT => Some("Microsoft"),
        SHIM => Some("shim"),
        _ => None,
    }
}

/// What a machine's variables say about Secure Boot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecureBootState {
    /// Whether anybody may set keys; `None` if the firmware does not say.
    pub setup_mode: Option<bool>,
    /// Whether firmware starts only what db lets through.
    pub secure_boot: Option<bool>,
    /// Whether everything starts and what would not have is noted.
    pub audit_mode: Option<bool>,
    /// Whether the other modes cannot be reached from within.
    pub deployed_mode: Option<bool>,
    /// Whether only the vendor's keys were ever used.
    pub vendor_keys: Option<bool>,
    /// The lists that are there.
    pub lists: Vec<(Variable, Result<SignatureDatabase, ListError>)>,
    /// What shim enforces.
    pub sbat_level: Option<Result<SbatLevel, SbatError>>,
}

impl SecureBootState {
    /// Reads it; `read` gives the content of a variable, if there is one.
    pub fn read<E>(mut read: impl FnMut(Variable) -> Result<Option<VariableContent>, E>) -> Result<Self, E> {
        let mut flag = |variable| {
            let content = read(variable)?;
            Ok(content.and_then(|content| content.data.first().map(|byte| *byte == 1)))
        };
        let setup_mode = flag(Variable::SETUP_MODE)?;
        let secure_boot = flag(Variable::SECURE_BOOT)?;
        let audit_mode = flag(Variable::AUDIT_MODE)?;
        let deployed_mode = flag(Variable::DEPLOYED_MODE)?;
        let vendor_keys = flag(Variable::VENDOR_KEYS)?;
        let mut found = Vec::new();
        for variable in Variable::LISTS {
            if let Some(content) = read(variable)? {
                let database = lists::read(&content.data).map(|lists| {
                    let mut database = SignatureDatabase::default();
                    database.add_lists(variable.name, &lists);
                    database
                });
                found.push((variable, database));
            }
        }
        let sbat_level = read(Variable::SBAT_LEVEL)?.map(|content| SbatLevel::read(&content.data));
        Ok(Self { setup_mode, secure_boot, audit_mode, deployed_mode, vendor_keys, lists: found, sbat_level })
    }
}

/// A certificate of a list, for people: its subject, and who put it there.
pub fn describe(owner: Guid, certificate: &Certificate) -> String {
    let who = owner_name(owner).map_or_else(|| owner.to_string(), str::to_owned);
    format!("{} (of {who})", certificate.subject())
}
