//! What everybody can look up, with data in it.

use crate::records::{Service, record};
use crate::rematch::{channel, evaluate};
use crate::support::on_each;
use crate::support::site::Site;
use tracker::models::permission::Role;

#[test]
fn pages_say_what_is_known() {
    on_each(|store| {
        let (channel, service) = (channel(store), Service::new(store));
        for number in 0..55 {
            service.put(&record(&format!("CVE-2024-{}", 3000 + number), 1, "nothing-like-it"));
        }
        service.put(&record("CVE-2024-1001", 1, "frob"));
        service.done("cve");
        evaluate(store, channel, "a", "1");
        let site = Site::new(store);
        let mut client = site.browser();
        let told = |answer: &crate::support::site::Answer| {
            answer.json()["answer"]["text"].as_str().unwrap().to_owned()
        };
        // "Not looked at" is not "not affected".
        let before = client.get("/cves/CVE-2024-1001.json");
        assert_eq!(told(&before), "It has not been matched with the packages of nixpkgs yet.");
        service.done("match");
        assert_eq!(
            told(&client.get("/cves/CVE-2024-3000.json")),
            "Nothing in nixpkgs is known to be touched by it."
        );
        let after = client.get("/cves/CVE-2024-1001.json");
        assert_eq!(told(&after), "Open: nixos-unstable is affected.");
        let known = after.json();
        assert_eq!(known["description"], "Something is wrong. It is bad.");
        assert_eq!(known["references"][0], "https://example.org/");
        assert_eq!((known["score"].as_f64(), &known["ssvc"][0]), (Some(9.8), &"poc".into()));
        assert_eq!(known["channels"][0]["package"], "frob");
        assert!(client.get("/cves/CVE-2024-1001").body.contains("/packages/frob"));
        // All are in the list, once, over two pages.
        let first = client.get("/cves.json").json();
        let next = first["next"].as_str().unwrap().replace("/cves?", "/cves.json?");
        let second = client.get(&next).json();
        let mut ids: Vec<String> = [&first, &second]
            .iter()
            .flat_map(|page| page["cves"].as_array().unwrap())
            .map(|cve| cve["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), &second["next"]), (56, &serde_json::Value::Null));
        let package = client.get("/packages/frob.json").json();
        assert_eq!(
            (&package["open"][0]["id"], &package["versions"][0]["version"]),
            (&"CVE-2024-1001".into(), &"1".into())
        );
        for page in ["/", "/packages", "/channels", "/packages/frob", "/cves?severity=critical&year=2024"] {
            assert_eq!(client.get(page).status, 200, "{page}");
        }
        let mut admin = site.signed_in(site.account("boss", Role::Admin));
        let jobs = admin.get("/jobs.json").json();
        let matched = jobs["jobs"].as_array().unwrap().iter().find(|job| job["name"] == "match").unwrap();
        assert_eq!(
            (&matched["lastRun"]["outcome"], &matched["lastRun"]["counts"]["raised"]),
            (&"done".into(), &1.into())
        );
        assert!(admin.get("/jobs").body.contains("raised"));
    });
}
