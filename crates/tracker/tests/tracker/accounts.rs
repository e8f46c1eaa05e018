//! Signing in, sessions, codes, and what browsers are told.

use crate::support::on_each;
use crate::support::site::{PASSWORD, Site};
use jiff::SignedDuration;
use tracker::models::account::{self, totp};
use tracker::models::permission::Role;
use tracker::params;

const RIGHT: &[(&str, &str)] = &[("name", "Ada"), ("password", PASSWORD), ("next", "/jobs")];

#[test]
fn signing_in_and_out() {
    on_each(|store| {
        let site = Site::new(store);
        site.account("ada", Role::Admin);
        let mut browser = site.browser();
        let denied = browser.get("/jobs");
        assert_eq!(denied.status, 401);
        assert!(denied.body.contains("/sign-in?next=%2Fjobs"), "{}", denied.body);
        // Public pages set no cookie.
        assert_eq!((browser.get("/").field("set-cookie"), browser.cookies.len()), (None, 0));
        let wrong = browser.post("/sign-in", "/sign-in", &[("name", "ada"), ("password", "not this one")]);
        assert_eq!(wrong.status, 422);
        let unknown = browser.post("/sign-in", "/sign-in", &[("name", "eve"), ("password", "not this one")]);
        assert_eq!((unknown.status, wrong.body.len()), (422, unknown.body.len()), "names are not told");
        let right = browser.post("/sign-in", "/sign-in", RIGHT);
        assert_eq!((right.status, right.field("location")), (303, Some("/jobs")));
        assert_eq!(browser.get("/jobs").status, 200);
        // Another one, from which the first is ended.
        let mut other = site.browser();
        other.post("/sign-in", "/sign-in", RIGHT);
        let sessions = other.get("/account.json").json()["sessions"].as_array().unwrap().clone();
        assert_eq!(sessions.len(), 2);
        assert_eq!(other.post("/account", "/account/sessions/end-others", &[]).status, 303);
        assert_eq!((browser.get("/jobs").status, other.get("/jobs").status), (401, 200));
        let out = other.post("/account", "/sign-out", &[]);
        assert_eq!(out.status, 303);
        assert!(other.get("/").body.contains("You have signed out."));
        assert!(!other.get("/").body.contains("You have signed out."), "once");
        assert_eq!(other.get("/jobs").status, 401);
    });
}

#[test]
fn addresses_of_others_are_no_next_page() {
    on_each(|store| {
        let site = Site::new(store);
        site.account("ada", Role::User);
        for next in ["//example.org/", "https://example.org/", "/\\example.org", "/sign-out"] {
            let given = [("name", "ada"), ("password", PASSWORD), ("next", next)];
            let answer = site.browser().post("/sign-in", "/sign-in", &given);
            assert_eq!((answer.status, answer.field("location")), (303, Some("/")), "{next}");
        }
    });
}

#[test]
fn guessing_is_slow() {
    on_each(|store| {
        let site = Site::new(store);
        site.account("ada", Role::User);
        let attempt = || {
            let given = [("name", "ada"), ("password", "not this one")];
            site.browser().post("/sign-in", "/sign-in", &given)
        };
        let statuses: Vec<u16> = (0..9).map(|_| attempt().status).collect();
        assert_eq!(statuses, [422, 422, 422, 422, 422, 422, 422, 422, 429]);
        assert_eq!(attempt().field("retry-after"), Some("60"));
        site.pass(SignedDuration::from_secs(60));
        assert_eq!(attempt().status, 422);
    });
}

/// The six digits that an app shows now.
fn code(secret: &[u8], site: &Site) -> String {
    totp::code_at(secret, site.app.now().as_second().div_euclid(30))
}

#[test]
fn a_code_counts_once() {
    on_each(|store| {
        let site = Site::new(store);
        let ada = site.account("ada", Role::User);
        let secret = [7_u8; 20];
        store
            .database
            .write(|t| t.execute("UPDATE account SET totp_secret = $2 WHERE id = $1", params![ada, &secret]))
            .unwrap();
        let mut first = site.signed_in(ada);
        assert!(first.get("/account/code").body.contains("<svg class=\"qr\""));
        let shown = code(&secret, &site);
        let on = first.post("/account/code", "/account/code", &[("code", &shown)]);
        assert_eq!((on.status, on.field("location")), (303, Some("/account")));
        // From now on a password is half of it, and a used code is none.
        let mut browser = site.browser();
        let given = [("name", "ada"), ("password", PASSWORD), ("next", "/account")];
        let half = browser.post("/sign-in", "/sign-in", &given);
        assert_eq!(half.field("location"), Some("/sign-in/code?next=%2Faccount"));
        assert_eq!(browser.get("/account").status, 401);
        let again = browser.post("/sign-in/code", "/sign-in/code", &[("code", &shown)]);
        assert_eq!((again.status, browser.get("/account").status), (422, 401));
        site.pass(SignedDuration::from_secs(60));
        let half_cookie = browser.cookies.clone();
        let next = code(&secret, &site);
        let whole = browser.post("/sign-in/code", "/sign-in/code", &[("code", &next), ("next", "/account")]);
        assert_eq!((whole.status, whole.field("location")), (303, Some("/account")));
        assert_eq!(browser.get("/account").status, 200);
        assert_ne!(browser.cookies, half_cookie, "a session that was half is worth nothing later");
    });
}

#[test]
fn sessions_end_and_cookies_change() {
    on_each(|store| {
        let site = Site::new(store);
        let ada = site.account("ada", Role::User);
        let mut browser = site.signed_in(ada);
        let first = browser.cookies.clone();
        site.pass(SignedDuration::from_hours(25));
        assert_eq!(browser.get("/account").status, 200);
        assert_ne!(browser.cookies, first);
        let mut old = browser.clone();
        old.cookies = first;
        site.pass(SignedDuration::from_secs(61));
        assert_eq!((old.get("/account").status, browser.get("/account").status), (401, 200));
        // Used every six days, it lives for thirty.
        let mut days = 1;
        while browser.get("/account").status == 200 {
            site.pass(SignedDuration::from_hours(24 * 6));
            days += 6;
            assert!(days < 60);
        }
        assert!((30..=37).contains(&days), "{days}");
        let mut idle = site.signed_in(ada);
        site.pass(SignedDuration::from_hours(24 * 7 + 1));
        assert_eq!(idle.get("/account").status, 401);
        // A disabled account is out at once.
        let mut browser = site.signed_in(ada);
        let now = site.app.now();
        store.database.write(|t| account::set_disabled(t, ada, true, None, now)).unwrap();
        assert_eq!(browser.get("/account").status, 401);
    });
}

#[test]
fn what_browsers_are_told() {
    on_each(|store| {
        let site = Site::with(store, |config| config.url = Some("https://tracker.example.org".to_owned()));
        let mut browser = site.browser();
        let page = browser.get("/sign-in");
        let policy = page.field("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.field("x-content-type-options"), Some("nosniff"));
        assert!(page.field("strict-transport-security").is_some());
        let cookie = page.field("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-snowguard-form="), "{cookie}");
        for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let lost = browser.get("/nowhere");
        assert_eq!(lost.status, 404);
        assert!(lost.body.contains(lost.field("x-request-id").unwrap()));
        let lost = browser.get("/nowhere.json");
        assert_eq!((lost.status, lost.json()["title"].as_str()), (404, Some("Not here")));
        let style = page.body.split("href=\"/assets/").nth(1).unwrap().split('"').next().unwrap();
        let style = browser.get(&format!("/assets/{style}"));
        assert_eq!(style.field("cache-control"), Some("public, max-age=31536000, immutable"));
        // From another site, nothing is done, whatever token there is.
        browser.fields = vec!["Sec-Fetch-Site: cross-site".to_owned()];
        assert_eq!(browser.post("/sign-in", "/sign-in", RIGHT).status, 403);
    });
}

#[test]
fn hostile_texts_stay_texts() {
    on_each(|store| {
        let site = Site::new(store);
        let hostile = "</title><script>alert(1)</script>\"'&\u{202e}";
        store
            .database
            .write(|t| {
                t.execute(
                    "INSERT INTO cve (id, year, number, state, title, published_at, level, change)
                     VALUES ('CVE-2024-10001', 2024, 10001, 'published', $1, 1, 4, 1)",
                    params![hostile],
                )?;
                t.execute(
                    "INSERT INTO package (name, created_at, description, homepage)
                     VALUES ($1, 0, $1, 'javascript:alert(1)')",
                    params![hostile],
                )
            })
            .unwrap();
        let name = crate::support::site::encoded(hostile);
        for path in ["/", "/cves", "/cves/CVE-2024-10001", "/packages", &format!("/packages/{name}")] {
            let page = site.browser().get(path);
            assert_eq!(page.status, 200, "{path}");
            assert!(page.body.contains("alert(1)") || page.body.contains("alert&#40;1"), "{path}");
            assert!(!page.body.contains("<script>") && !page.body.contains("href=\"javascript:"), "{path}");
        }
        assert_eq!(site.browser().get("/cves/CVE-2024-10001.json").json()["title"], hostile);
        for path in ["/cves?after=x", "/cves?severity=%00", "/cves/%ff", "/packages/%00", "/cves?year=x"] {
            let status = site.browser().get(path).status;
            assert!((400..500).contains(&status), "{path}: {status}");
        }
    });
}
