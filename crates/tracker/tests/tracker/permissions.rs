//! The permission table, held against the manual and against what the addresses do.

use crate::support::on_each;
use crate::support::site::Site;
use test_support::project;
use tracker::controllers::routes;
use tracker::models::permission::{Action, Grant, Role, table};
use tracker::params;

#[test]
fn the_manual_has_the_table() {
    let path = project().join("docs/tracker-permissions.md");
    let manual = std::fs::read_to_string(path).unwrap();
    let table = table();
    assert!(manual.contains(&table), "docs/tracker-permissions.md should have this table:\n\n{table}");
}

/// An address with its variable parts filled in.
fn filled(path: &str) -> String {
    path.replace("/assets/{name}", "/assets/none")
        .replace("/cves/{id}", "/cves/CVE-2024-10001")
        .replace("/packages/{name}", "/packages/hello")
        .replace("{number}", "77")
        .replace("{id}", "77")
        .replace("{code}/{document}", "NIXPKGS-2026-0001/osv.json")
        .replace("{year}/{file}", "2026/nixpkgs-2026-0001.json")
}

#[test]
fn every_address_does_what_the_table_says() {
    on_each(|store| {
        let site = Site::new(store);
        store
            .database
            .write(|t| {
                t.execute("INSERT INTO package (name, created_at) VALUES ('hello', 0)", params![])?;
                t.execute(
                    "INSERT INTO cve (id, year, number, state, title, change)
                     VALUES ('CVE-2024-10001', 2024, 10001, 'published', 'A title', 1)",
                    params![],
                )
            })
            .unwrap();
        let accounts: Vec<_> = Role::ALL
            .into_iter()
            .map(|role| (role, (role != Role::Anonymous).then(|| site.account(role.name(), role))))
            .collect();
        let routes = routes();
        assert!(routes.declared().len() > 20);
        let mut tried = 0;
        for route in routes.declared() {
            let path = filled(route.path);
            assert!(!path.contains('{'), "this test does not know {path}");
            for (role, account) in &accounts {
                // Each in a session of its own: some of these end it.
                let browser = || account.map_or_else(|| site.browser(), |id| site.signed_in(id));
                let mut client = browser();
                let answer = if route.method == "GET" {
                    client.get(&path)
                } else {
                    let page = if account.is_some() { "/account" } else { "/sign-in" };
                    client.post(page, &path, &[])
                };
                let (status, body) = (answer.status, &answer.body);
                let about = format!("{} {path} as {role} on {}: {status} {body}", route.method, store.name);
                match (route.action.grant(*role), role) {
                    (Grant::Never, Role::Anonymous) => assert_eq!(status, 401, "{about}"),
                    (Grant::Never, _) => assert_eq!(status, 403, "{about}"),
                    _ => assert!(!matches!(status, 401 | 403 | 405 | 500..), "{about}"),
                }
                tried += 1;
                if route.method != "GET" && route.action != Action::Deliver {
                    // Without the proof that the form is from here, nobody may.
                    let answer = browser().post_raw(&path, "x=1");
                    let wanted: &[u16] = if account.is_some() { &[403] } else { &[401, 403] };
                    assert!(wanted.contains(&answer.status), "{about}, without proof {}", answer.status);
                }
            }
        }
        assert_eq!(tried, routes.declared().len() * 6);
    });
}

/// A token may what its scopes say, and never more than its owner.
#[test]
fn tokens_are_narrower_than_their_owners() {
    use tracker::models::permission::Scope;
    use tracker::models::token;
    on_each(|store| {
        let site = Site::new(store);
        let (admin, user) = (site.account("ada", Role::Admin), site.account("bob", Role::User));
        let made = |account, scopes: &[Scope]| {
            let now = site.app.now();
            store.database.write(|t| token::create(t, account, "x", scopes, 30, now)).unwrap()
        };
        let status = |token: &str, path: &str| {
            let mut client = site.browser();
            client.fields = vec![format!("Authorization: Bearer {token}")];
            client.get(path).status
        };
        let read = made(admin, &[Scope::Read]);
        assert_eq!(
            [status(&read, "/jobs"), status(&read, "/metrics"), status(&read, "/account")],
            [200, 403, 403]
        );
        let metrics = made(admin, &[Scope::Metrics]);
        assert_eq!([status(&metrics, "/metrics"), status(&metrics, "/jobs")], [200, 403]);
        let of_user = made(user, &Scope::ALL);
        assert_eq!([status(&of_user, "/metrics"), status(&of_user, "/cves")], [403, 200]);
        // What is no token is not the same as none.
        assert_eq!([status("snowguard_00", "/cves"), status("", "/cves")], [401, 401]);
        site.pass(jiff::SignedDuration::from_hours(24 * 31));
        assert_eq!(status(&read, "/cves"), 401);
    });
}
