//! What a CPE name says that matters to rules.

use vulnerability::cpe::{Cpe, CpePart, Value};
use vulnerability::names::squash;

/// The attributes that rules compare, squashed; empty where a name leaves them open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CpeFacts {
    /// The class of product.
    pub(crate) part: CpePart,
    /// Vendor.
    pub(crate) vendor: String,
    /// Product.
    pub(crate) product: String,
    /// Target software.
    pub(crate) target: String,
}

impl CpeFacts {
    pub(crate) fn of(cpe: &Cpe) -> Self {
        let squashed = |value: &Value| value.text().map(squash).unwrap_or_default();
        Self {
            part: cpe.part,
            vendor: squashed(&cpe.vendor),
            product: squashed(&cpe.product),
            target: squashed(&cpe.target_sw),
        }
    }

    /// Whether both name the same product, whatever the version and the target.
    pub(crate) fn same_product(&self, other: &Self) -> bool {
        !self.vendor.is_empty()
            && !self.product.is_empty()
            && (self.part, &self.vendor, &self.product) == (other.part, &other.vendor, &other.product)
    }
}
