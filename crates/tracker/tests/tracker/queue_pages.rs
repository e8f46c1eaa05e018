//! The queue as people use it: see, decide, undo.

use crate::support::site::{Client, Site};
use crate::support::{Store, on_each};
use tracker::models::permission::Role;
use tracker::params;

const HOSTILE: &str = "<script>alert(1)</script> \" ' & \u{202e}";

/// Forty packages with a suggestion each; one's title is hostile.
fn filled(store: &Store) {
    store
        .database
        .write(|t| -> Result<(), tracker::database::DatabaseError> {
            for number in 1..=40_i64 {
                t.execute(
                    "INSERT INTO package (id, name, created_at) VALUES ($1, $2, 0)",
                    params![1000 + number, format!("p{number}")],
                )?;
                let title = if number == 40 { HOSTILE } else { "A title" };
                let cve = format!("CVE-2024-{:04}", 1000 + number);
                t.execute(
                    "INSERT INTO cve (id, year, number, state, title, change) VALUES ($1, 2024, $2, 'published', $3, 1)",
                    params![&cve, 1000 + number, title],
                )?;
                t.execute(
                    "INSERT INTO suggestion (id, package, state, together, confidence, risk, created_at, changed_at)
                     VALUES ($1, $2, 'open', 'x', 2, $3, 0, 0)",
                    params![number, 1000 + number, number as f64 / 3.0],
                )?;
                t.execute(
                    "INSERT INTO suggestion_cve (package, cve, suggestion) VALUES ($1, $2, $3)",
                    params![1000 + number, &cve, number],
                )?;
            }
            Ok(())
        })
        .unwrap();
}

fn packages(client: &mut Client, path: &str) -> Vec<String> {
    let answer = client.get(path);
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = answer.json();
    let rows = rows["suggestions"].as_array().unwrap();
    rows.iter().map(|row| row["package"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn pages_follow_each_other_and_hostile_text_is_text() {
    on_each(|store| {
        filled(store);
        let site = Site::new(store);
        let mut client = site.signed_in(site.account("team", Role::SecurityTeam));
        let page = client.get("/suggestions");
        assert!(page.body.contains("&#60;script&#62;alert(1)") && !page.body.contains("<script>alert"));
        let first = client.get("/suggestions.json").json();
        let next = first["next"].as_str().unwrap().replace("/suggestions?", "/suggestions.json?");
        let mut all = packages(&mut client, "/suggestions.json");
        assert_eq!((all.len(), all[0].as_str()), (30, "p40"));
        all.extend(packages(&mut client, &next));
        assert_eq!(all, (1..=40).rev().map(|n| format!("p{n}")).collect::<Vec<_>>());
        for wrong in ["?state=x", "?after=1", "?after=9218868437227405312_1", "?nothing=1"] {
            assert_eq!(client.get(&format!("/suggestions{wrong}")).status, 422, "{wrong}");
        }
    });
}

#[test]
fn a_decision_shows_and_is_undone() {
    on_each(|store| {
        filled(store);
        let site = Site::new(store);
        let mut client = site.signed_in(site.account("team", Role::SecurityTeam));
        let decide = |client: &mut Client, fields: &[(&str, &str)]| {
            client.post("/suggestions", "/suggestions/decide", fields)
        };
        let dismiss = [("which", "40:1"), ("which", "39:1"), ("decision", "dismiss"), ("reason", "unfree")];
        let done = decide(&mut client, &dismiss);
        assert_eq!((done.status, done.field("location")), (303, Some("/suggestions")));
        let after = client.get("/suggestions");
        assert!(after.body.contains("2 suggestions were dismissed."), "{}", after.body);
        let (_, undo) = after.body.split_once("action=\"/suggestions/undo").unwrap();
        let undo = format!("/suggestions/undo{}", undo.split('"').next().unwrap().replace("&#38;", "&"));
        assert_eq!(packages(&mut client, "/suggestions.json?state=dismissed"), ["p40", "p39"]);
        // Who saw the old ones is told, and nothing changes.
        assert_eq!(decide(&mut client, &dismiss).status, 409);
        // Another person's undo is not theirs.
        let mut other = site.signed_in(site.account("other", Role::SecurityTeam));
        assert_eq!(other.post("/suggestions", &undo, &[]).status, 409);
        assert_eq!(client.post("/suggestions", &undo, &[]).status, 303);
        assert_eq!(packages(&mut client, "/suggestions.json?state=dismissed"), Vec::<String>::new());
        assert_eq!(client.post("/suggestions", &undo, &[]).status, 409);
        for wrong in [
            &[("decision", "dismiss"), ("reason", "unfree")][..],
            &[("which", "40:3"), ("decision", "dismiss")],
            &[("which", "40"), ("decision", "reopen")],
            &[("which", "40:3"), ("decision", "accept")],
        ] {
            assert_eq!(decide(&mut client, wrong).status, 422, "{wrong:?}");
        }
        let page = client.get("/suggestions/40");
        assert!(page.body.contains("Nobody has decided yet.") && page.body.contains("<code>undo</code>"));
        assert_eq!(client.get("/suggestions/99").status, 404);
    });
}

#[test]
fn maintainers_see_what_concerns_their_packages() {
    on_each(|store| {
        filled(store);
        let site = Site::new(store);
        let mut client = site.signed_in(site.account("keeper", Role::Maintainer));
        assert_eq!(packages(&mut client, "/suggestions.json"), Vec::<String>::new());
        store
            .database
            .write(|t| {
                t.execute(
                    "INSERT INTO package_maintainer (package, maintainer) SELECT 1007, max(id) FROM maintainer",
                    params![],
                )
                .map(drop)
            })
            .unwrap_or_else(|error: tracker::database::DatabaseError| panic!("{error}"));
        assert_eq!(packages(&mut client, "/suggestions.json"), ["p7"]);
        // Whatever they ask for.
        assert_eq!(packages(&mut client, "/suggestions.json?maintainer=99&state=all"), ["p7"]);
        assert_eq!((client.get("/suggestions/7").status, client.get("/suggestions/8").status), (200, 404));
        let decided =
            client.post("/account", "/suggestions/decide", &[("which", "7:1"), ("decision", "reopen")]);
        assert_eq!(decided.status, 403);
    });
}
