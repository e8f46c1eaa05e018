//! The progress of an import, in terms of the one contract.

use terminal::{Bar, Progress as _, Unit};
use vulnerability_db::ingest::Progress;

#[derive(Debug, Default)]
pub(crate) struct ForIngest(Bar);

impl Progress for ForIngest {
    fn start(&self, what: &str, total: Option<u64>) {
        self.0.start(what, total, Unit::Bytes);
    }
    fn advance(&self, bytes: u64, records: u64) {
        self.0.advance(bytes);
        self.0.records(records);
    }
    fn message(&self, text: &str) {
        self.0.message(text);
    }
    fn finish(&self) {
        self.0.finish();
    }
}
