//! Authorised changes of variables, beside sbvarsign.

#![allow(clippy::unwrap_used)]

mod forge;

use authenticode::Time;
use authenticode::variable::{Authenticated, Variable, attributes, prepare};
use forge::{Forge, Identity};

fn change(variable: Variable, attributes: u32, time: Time, data: &[u8], signer: &Identity) -> Authenticated {
    let (wanted, message) = prepare(variable, attributes, time, data, &signer.certificate).unwrap();
    let signature = signer.key.sign(wanted.algorithm, &message).unwrap();
    let signature = wanted.complete_bare(&signature, &[]).unwrap();
    Authenticated { time, signature, data: data.to_vec() }
}

#[test]
fn sbvarsign_writes_what_we_write() {
    let forge = Forge::new();
    let owner = forge.own("owner", "/CN=Owner", "");
    let other = forge.own("other", "/CN=Other", "");
    let data: Vec<u8> = (0..=255).cycle().take(1000).collect();
    forge.write("data", &data);
    let keys = "NON_VOLATILE,BOOTSERVICE_ACCESS,RUNTIME_ACCESS,TIME_BASED_AUTHENTICATED_WRITE_ACCESS";
    let append = format!("{keys},APPEND_WRITE");
    for (variable, names, attributes) in [
        (Variable::PK, keys, attributes::KEYS),
        (Variable::KEK, keys, attributes::KEYS),
        (Variable::DB, keys, attributes::KEYS),
        (Variable::DBX, append.as_str(), attributes::KEYS | attributes::APPEND),
    ] {
        let key = ["--key", "owner.key", "--cert", "owner.pem", "--attr", names, "--output", "theirs"];
        forge.room.run("sbvarsign", [&key[..], &[variable.name, "data"]].concat());
        let file = forge.read("theirs");
        let theirs = Authenticated::read(&file).unwrap();
        assert_eq!(theirs.write(), file);
        assert_eq!(theirs.data, data);
        let verify = |change: &Authenticated, variable, attributes| {
            change.verify(variable, attributes, [&other.certificate, &owner.certificate])
        };
        assert_eq!(verify(&theirs, variable, attributes).as_ref(), Ok(&owner.certificate), "{variable}");
        // The same time gives the same octets: RSA signatures have no randomness in them.
        let ours = change(variable, attributes, theirs.time, &data, &owner);
        assert_eq!(verify(&ours, variable, attributes).as_ref(), Ok(&owner.certificate));
        assert_eq!(ours.write(), file, "{variable}");

        // For another variable, with other attributes, at another time, with another value, by
        // another: not authorised.
        let wrong = if variable == Variable::PK { Variable::KEK } else { Variable::PK };
        assert!(verify(&theirs, wrong, attributes).is_err());
        assert!(verify(&theirs, variable, attributes ^ attributes::APPEND).is_err());
        let later = Time { second: (theirs.time.second + 1) % 60, ..theirs.time };
        assert!(verify(&Authenticated { time: later, ..theirs.clone() }, variable, attributes).is_err());
        let mut data = data.clone();
        data[999] ^= 1;
        assert!(verify(&Authenticated { data, ..theirs.clone() }, variable, attributes).is_err());
        let told = theirs.verify(variable, attributes, [&other.certificate]).unwrap_err().to_string();
        assert!(told.contains("no trusted certificate is or issued CN=Owner"), "{told}");
    }
}
