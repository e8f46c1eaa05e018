//! What is known of a statement of a record.

use super::package::PackageFacts;
use super::product::{ProductFacts, all, other_system};
use crate::knowledge::Knowledge;
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;
use vulnerability::cpe::CpePart;
use vulnerability::model::{Container, Product, Statement};
use vulnerability::ranges::{self, Verdict};

/// What a statement says, in the form that rules compare: the facts of its product, and its own.
#[derive(Debug)]
pub(crate) struct StatementFacts<'a> {
    /// The statement.
    pub(crate) statement: &'a Statement,
    /// What it runs on that a Linux package does not, such as `windows`: from platforms, CPEs and
    /// conditions.
    pub(crate) elsewhere: Option<&'static str>,
    product: Rc<ProductFacts>,
    /// The verdict on the version that was asked about last.
    last: Cell<Option<(usize, Verdict)>>,
}

impl StatementFacts<'_> {
    /// Whether somebody else than the record's authors added it.
    pub(crate) fn is_enrichment(&self) -> bool {
        !matches!(self.statement.origin.container(), Container::Cna(_))
    }

    /// Whether identity is the same question for both: of one record, on one product.
    pub(crate) fn identifies_like(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.product, &other.product) && self.is_enrichment() == other.is_enrichment()
    }

    /// Whether both are about one product of one vendor, however its CPEs are spelt.
    pub(crate) fn is_of_one_product_with(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.product, &other.product)
            || (self.products == other.products && self.vendors == other.vendors && self.set == other.set)
    }

    /// What the statement says about the package's version. Kernels have many packages of one
    /// version; asked about one after the other, they cost one evaluation. All packages must be of
    /// those whose facts were made together.
    pub(crate) fn verdict(&self, package: &PackageFacts<'_>) -> Verdict {
        match self.last.get() {
            Some((last, verdict)) if last == package.version_number => verdict,
            _ => {
                let verdict = ranges::evaluate(self.statement, &package.version);
                self.last.set(Some((package.version_number, verdict)));
                verdict
            }
        }
    }
}

impl Deref for StatementFacts<'_> {
    type Target = ProductFacts;

    fn deref(&self) -> &ProductFacts {
        &self.product
    }
}

/// Reads the facts of statements, those of equal products once.
pub(crate) struct FactsReader<'a> {
    knowledge: &'a Knowledge,
    known: FxHashMap<&'a Product, Rc<ProductFacts>>,
    /// Of the last statement: most share their product with the one before.
    last: Option<(&'a Arc<Product>, Rc<ProductFacts>)>,
}

impl<'a> FactsReader<'a> {
    /// A reader that knows distributions and the conventions of vendors.
    pub(crate) fn new(knowledge: &'a Knowledge) -> Self {
        Self { knowledge, known: FxHashMap::default(), last: None }
    }

    /// The facts of a statement.
    pub(crate) fn read(&mut self, statement: &'a Statement) -> StatementFacts<'a> {
        let read = || Rc::new(ProductFacts::of(&statement.product, self.knowledge));
        let product = match &self.last {
            Some((last, facts)) if Arc::ptr_eq(last, &statement.product) => Rc::clone(facts),
            _ => Rc::clone(self.known.entry(&*statement.product).or_insert_with(read)),
        };
        self.last = Some((&statement.product, Rc::clone(&product)));
        StatementFacts {
            statement,
            elsewhere: elsewhere(statement, &product),
            product,
            last: Cell::new(None),
        }
    }
}

/// The other operating system that a statement is limited to, if it is.
fn elsewhere(statement: &Statement, product: &ProductFacts) -> Option<&'static str> {
    all(statement.platforms.iter().map(|p| other_system(p))).or(product.cpes_elsewhere).or_else(|| {
        statement.conditions.iter().find_map(|any| {
            all(any.iter().map(|cpe| {
                let system = cpe.value().filter(|cpe| cpe.part != CpePart::Application)?;
                other_system(system.product.text()?)
            }))
        })
    })
}
