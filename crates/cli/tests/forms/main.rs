//! Files and keys in the forms in which real tools leave them, and outputs of every kind: what is
//! read, what is refused, and how files look afterwards.

#![allow(clippy::unwrap_used)]

mod images;
mod keys;
mod outputs;

use test_support::{Snowguard, ToolboxFolder, data, snowguard};

/// A folder of the toolbox, and our program in it.
struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let folder = ToolboxFolder::new(name);
        let snowguard = snowguard!().in_folder(folder.folder());
        Self { folder, snowguard }
    }

    /// Copies real data into the folder.
    fn take(&self, case: &str, names: &[&str]) {
        for name in names {
            self.folder.write(name, std::fs::read(data(&format!("cases/pe/{case}/{name}"))).unwrap());
        }
    }

    /// A script of the toolbox's programs.
    fn shell(&self, script: &str) -> String {
        self.folder.run("sh", ["-euc", script])
    }

    /// A key `name.key` and its certificate `name.pem`.
    fn key(&self, name: &str) {
        self.shell(&format!(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 30 \
             -subj /CN={name} 2>&1"
        ));
    }
}
