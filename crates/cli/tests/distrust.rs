//! What nobody may call trusted: programs that firmware refuses for reasons that are easily
//! overlooked. OVMF decides, on real inputs that went wrong once and on others of their kinds.

#![allow(clippy::unwrap_used)]

mod machine;

use authenticode::Guid;
use authenticode::certificate::Certificate;
use authenticode::lists::{self, SignatureData, SignatureList, SignatureListKind};
use authenticode::variable::{GLOBAL, SECURITY};
use machine::Machine;
use std::fmt::Write as _;
use test_support::{data, snowguard};

fn case(name: &str) -> Vec<u8> {
    std::fs::read(data(&format!("cases/pe/{name}"))).unwrap()
}

/// What firmware prints when it tried everything.
const NOTHING_LEFT: &str = "No bootable option or device was found";

/// Inputs that were trusted, or refused, and should not be: where, with which lists, which program,
/// and whether it is to be trusted.
const CASES: [(&str, &str, &str, bool); 21] = [
    ("dbx-issuer-md5", "--db md5.db --dbx md5.dbx", "md5.efi", false),
    ("dbx-issuer-md5", "--db md5.db", "md5.efi", true),
    ("dbx-issuer-name-case", "--db name-case.db --dbx name-case.dbx", "name-case.efi", false),
    ("dbx-issuer-name-case", "--db name-case.db", "name-case.efi", true),
    (
        "dbx-issuer-name-printable",
        "--db name-printable.db --dbx name-printable.dbx",
        "name-printable.efi",
        false,
    ),
    ("dbx-issuer-name-printable", "--db name-printable.db", "name-printable.efi", true),
    ("dbx-issuer-pss", "--db pss.db --dbx pss.dbx", "pss.efi", false),
    ("dbx-issuer-pss", "--db pss.db", "pss.efi", true),
    ("dbx-two-certs-one-list", "--db db.esl --dbx dbx.esl", "leaf.efi", false),
    ("dbx-two-certs-one-list", "--db db2.esl", "leaf.efi", true),
    ("dbx-unreadable-leaf-trail0", "--db db.esl --dbx leaf-trail0.dbx", "leaf.efi", false),
    ("dbx-unreadable-root-year1", "--db db.esl --dbx root-year1.dbx", "leaf.efi", false),
    ("dbx-unreadable-root-year1", "--db db.esl", "leaf.efi", true),
    ("cms-crls", "--db J.pem", "crls.efi", false),
    ("cms-twin-case-first", "--db J.pem", "twin-case-first.efi", false),
    ("cms-unparsed-parts", "--db J.pem", "29da3426af7eca16.efi", false),
    ("cms-unparsed-parts", "--db J.pem", "e40c9d865f7c29e2.efi", false),
    ("mok-split-variables", "--efivars=evx --as shim", "signed-ov.efi", false),
    ("p256-not-enrollable", "--db p256.der", "p256.efi", false),
    ("p256-not-enrollable", "--db p384.der", "p384.efi", false),
    ("slow-certificates", "--db ../cms-crls/J.pem", "dos2.efi", false),
];

#[test]
fn what_went_wrong_once() {
    for (folder, lists, program, trusted) in CASES {
        let snowguard = snowguard!().in_folder(data(&format!("cases/pe/{folder}")));
        let answer = snowguard.run(format!("pe verify {lists} {program}"));
        assert_eq!(answer.code, Some(i32::from(!trusted)), "{folder}/{program} with {lists}: {answer}");
    }
}

/// What is on the machine: programs, and what is put into db and dbx.
struct Scene {
    machine: Machine,
    db: Vec<SignatureList>,
    dbx: Vec<SignatureList>,
    /// The programs, and which of them have to start; `None`: firmware knows.
    programs: Vec<(String, Option<bool>)>,
}

fn owner() -> Guid {
    "12345678-9abc-def0-1234-56789abcdef0".parse().unwrap()
}

fn entry(data: Vec<u8>) -> SignatureList {
    SignatureList::single(SignatureListKind::X509, owner(), data)
}

impl Scene {
    fn new() -> Self {
        let machine = Machine::new();
        let stub = machine.folder.root().join("usr/lib/systemd/boot/efi/linuxx64.efi.stub");
        std::fs::copy(stub, machine.path("stub")).unwrap();
        Self { machine, db: Vec::new(), dbx: Vec::new(), programs: Vec::new() }
    }

    /// A key with a certificate that signed itself; with options for openssl.
    fn own(&self, name: &str, options: &str) {
        self.machine.shell(&format!(
            "test -e {name}.key || openssl genrsa -out {name}.key 2048 2>&1; \
             openssl req -x509 -key {name}.key -out {name}.pem -days 99 {options} 2>&1"
        ));
    }

    /// A key with a certificate that another issued.
    fn issued(&self, name: &str, issuer: &str, options: &str) {
        self.machine.shell(&format!(
            "openssl genrsa -out {name}.key 2048 2>&1; openssl pkey -in {name}.key -pubout -out {name}.pub; \
             openssl x509 -new -force_pubkey {name}.pub -subj /CN={name} -CA {issuer}.pem -CAkey {issuer}.key \
             -days 99 {options} -out {name}.pem 2>&1"
        ));
    }

    fn der(&self, name: &str) -> Vec<u8> {
        let pem = std::fs::read(self.machine.path(&format!("{name}.pem"))).unwrap();
        Certificate::read_all(&pem).unwrap().remove(0).der().to_vec()
    }

    /// A program of its own digest, signed with a key.
    fn signed(&mut self, name: &str, key: &str, starts: Option<bool>) {
        std::fs::write(self.machine.path("tag"), name).unwrap();
        let snowguard = &self.machine.snowguard;
        snowguard.success(format!("pe sections stub --add .tag=tag --output {name}.efi"));
        snowguard.success(format!("pe sign --key {key}.key --cert {key}.pem {name}.efi"));
        self.programs.push((format!("{name}.efi"), starts));
    }

    /// A program that db allows by the signer itself, and which dbx forbids in a certain way.
    fn forbidden(&mut self, signer: &str, dbx: Vec<u8>, starts: bool) {
        self.db.push(entry(self.der(signer)));
        self.dbx.push(entry(dbx));
        self.signed(signer, signer, Some(starts));
    }

    fn copied(&mut self, case_name: &str, starts: bool) {
        let name = case_name.rsplit('/').next().unwrap();
        std::fs::write(self.machine.path(name), case(case_name)).unwrap();
        self.programs.push((name.to_owned(), Some(starts)));
    }

    /// virt-fw-vars wants to read every certificate of db and dbx, which is not the point here. So
    /// it gets to see them under other names.
    fn rename(&self) {
        let file = self.machine.path("vars");
        let mut variables = std::fs::read(&file).unwrap();
        for (name, real) in [("dy\0", "db\0"), ("dyx\0", "dbx\0")] {
            // The name stands behind the vendor.
            let [name, real] = [name, real].map(|name| {
                let name = name.encode_utf16().flat_map(u16::to_le_bytes);
                SECURITY.to_bytes().into_iter().chain(name).collect::<Vec<u8>>()
            });
            let places = |variables: &[u8], name: &[u8]| -> Vec<usize> {
                variables
                    .windows(name.len())
                    .enumerate()
                    .filter(|(_, w)| *w == name)
                    .map(|(at, _)| at)
                    .collect()
            };
            let ours = places(&variables, &name);
            if ours.is_empty() {
                continue;
            }
            // One that virt-fw-vars made up is deleted: `State`, in front of the vendor.
            for at in places(&variables, &real) {
                variables[at - 42] = 0x3c;
            }
            for at in ours {
                variables[at..at + real.len()].copy_from_slice(&real);
            }
        }
        std::fs::write(file, variables).unwrap();
    }

    /// Starts every program, and compares with what we say of it.
    fn judge(&self, done: &str) {
        let (db, dbx) = (lists::write(&self.db), lists::write(&self.dbx));
        std::fs::write(self.machine.path("db.esl"), &db).unwrap();
        std::fs::write(self.machine.path("dbx.esl"), &dbx).unwrap();
        self.own("platform", "-subj /CN=platform");
        let key = lists::write(&[entry(self.der("platform"))]);
        let mut variables = vec![("PK", GLOBAL, &key), ("KEK", GLOBAL, &key), ("dy", SECURITY, &db)];
        if !dbx.is_empty() {
            variables.push(("dyx", SECURITY, &dbx));
        }
        let hex = |bytes: &[u8]| {
            bytes.iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            })
        };
        let variables: Vec<_> = variables
            .into_iter()
            .map(|(name, vendor, data)| {
                serde_json::json!({
                    "name": name, "guid": vendor.to_string(), "attr": 39, "data": hex(data), "time": hex(&[0; 16]),
                })
            })
            .collect();
        let json = serde_json::json!({ "version": 2, "variables": variables });
        std::fs::write(self.machine.path("variables"), json.to_string()).unwrap();
        let mut options = "--set-json variables --sb".to_owned();
        for (name, _) in &self.programs {
            self.machine.install(name, name);
            write!(options, " --append-boot-filepath '\\{name}'").unwrap();
        }
        self.machine.variables("OVMF_VARS_4M.fd", &options);
        self.rename();
        let printed = self.machine.boot(done, true);
        let lists = if dbx.is_empty() { "--db db.esl" } else { "--db db.esl --dbx dbx.esl" };
        for (number, (name, starts)) in self.programs.iter().enumerate() {
            let option = format!("Boot{number:04X}");
            let started = printed.contains(&format!("starting {option} "));
            let refused = printed.contains(&format!("failed to load {option} "))
                && printed.lines().any(|line| line.contains(&option) && line.contains("Access Denied"));
            assert!(started ^ refused, "{name}: neither started nor refused:\n{printed}");
            if let Some(starts) = starts {
                assert_eq!(started, *starts, "{name}: firmware did not do what was expected:\n{printed}");
            }
            let ours = self.machine.snowguard.run(format!("pe verify {lists} {name}"));
            assert_eq!(
                ours.code,
                Some(i32::from(!started)),
                "{name}, which firmware starts ({started}): {ours}"
            );
        }
    }
}

/// The same certificate with another form of its length.
fn with_length(der: &[u8], header: &[u8], end: &[u8]) -> Vec<u8> {
    [header, &der[4..], end].concat()
}

/// The inputs themselves, all on one machine.
#[test]
fn firmware_refuses_what_went_wrong_once() {
    let mut scene = Scene::new();
    for (folder, files) in
        [("dbx-issuer-md5", "md5"), ("dbx-issuer-name-case", "name-case"), ("dbx-issuer-pss", "pss")]
    {
        scene.db.extend(lists::read(&case(&format!("{folder}/{files}.db"))).unwrap());
        scene.dbx.extend(lists::read(&case(&format!("{folder}/{files}.dbx"))).unwrap());
        scene.copied(&format!("{folder}/{files}.efi"), false);
    }
    let printable = "dbx-issuer-name-printable/name-printable";
    scene.db.extend(lists::read(&case(&format!("{printable}.db"))).unwrap());
    scene.dbx.extend(lists::read(&case(&format!("{printable}.dbx"))).unwrap());
    scene.copied(&format!("{printable}.efi"), false);
    scene.db.extend(lists::read(&case("dbx-two-certs-one-list/db.esl")).unwrap());
    scene.dbx.extend(lists::read(&case("dbx-two-certs-one-list/dbx.esl")).unwrap());
    scene.copied("dbx-two-certs-one-list/leaf.efi", false);
    let own = Certificate::read_all(&case("cms-crls/J.pem")).unwrap().remove(0);
    scene.db.push(entry(own.der().to_vec()));
    for folder in ["cms-crls", "cms-twin-case-first", "cms-unparsed-parts"] {
        for file in test_support::files(&data(&format!("cases/pe/{folder}")), ".efi") {
            scene.copied(&format!("{folder}/{}", file.file_name().unwrap().to_str().unwrap()), false);
        }
    }
    scene.copied("slow-certificates/dos2.efi", false);
    // Not the programs of p256-not-enrollable: newer OVMF starts them if somebody puts their
    // certificates into db behind its back, for it does not enrol them.
    scene.judge(NOTHING_LEFT);
}

/// Others of their kinds.
#[test]
fn firmware_refuses_their_brothers() {
    let mut scene = Scene::new();
    // How the issuer signed.
    scene.machine.shell("openssl genrsa -primes 5 -out large.key 9216 2>&1");
    let pss = "-sha384 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20";
    for (issuer, how) in [("sha224", "-sha224"), ("large", ""), ("pss384", pss), ("sha512", "-sha512")] {
        scene.own(issuer, &format!("-subj /CN={issuer}"));
        let leaf = format!("{issuer}-leaf");
        scene.issued(&leaf, issuer, how);
        scene.forbidden(&leaf, scene.der(issuer), false);
    }
    // How the issuer is called: the same key under another form of the name.
    scene.machine.shell(
        "for mask in 4 800; do printf '[req]\\nstring_mask=MASK:0x'$mask'\\ndistinguished_name=d\\n[d]\\n' > $mask.cnf; done",
    );
    for (issuer, name, other) in [
        ("blanks", "-subj '/O=Blank  Ltd/CN=Blanks'", "-subj '/O= blank ltd /CN=BLANKS'"),
        (
            "bmp",
            "-utf8 -subj '/CN=Straße'",
            "-utf8 -subj '/CN=STRAße' -config 800.cnf -addext basicConstraints=critical,CA:TRUE",
        ),
        (
            "teletex",
            "-utf8 -subj '/CN=Stra\u{df}e 2'",
            "-utf8 -subj '/CN=straße 2' -config 4.cnf -addext basicConstraints=critical,CA:TRUE",
        ),
    ] {
        scene.own(issuer, name);
        let leaf = format!("{issuer}-leaf");
        scene.issued(&leaf, issuer, "");
        scene.own(issuer, other);
        scene.forbidden(&leaf, scene.der(issuer), false);
    }
    // How the entry is written.
    let length = |der: &[u8]| [der[2], der[3]];
    for (name, spoil) in [
        ("trailing", (|der| [der, &[0xff; 3]].concat()) as fn(&[u8]) -> Vec<u8>),
        ("indefinite", |der| with_length(der, &[0x30, 0x80], &[0, 0])),
    ] {
        scene.own(name, &format!("-subj /CN={name}"));
        let der = scene.der(name);
        scene.forbidden(name, spoil(&der), false);
    }
    scene.own("long", "-subj /CN=long");
    let der = scene.der("long");
    scene.forbidden("long", with_length(&der, &[&[0x30, 0x83, 0], &length(&der)[..]].concat(), &[]), false);
    // What looks forbidden and is not: an issuer of the same name with another key, and an entry
    // that is no certificate.
    scene.own("twin", "-subj '/CN=same name'");
    scene.issued("kept", "twin", "");
    scene.machine.shell("rm twin.key");
    scene.own("twin", "-subj '/CN=same name'");
    scene.forbidden("kept", scene.der("twin"), true);
    scene.dbx.push(entry(vec![0; 700]));

    // Which issuer firmware takes of two that came along with one name.
    for (number, first) in [("one", true), ("two", false)] {
        scene.own("top", "-subj /CN=top");
        let authority = "-extfile authority.ext";
        std::fs::write(
            scene.machine.path("authority.ext"),
            "basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n",
        )
        .unwrap();
        std::fs::write(
            scene.machine.path("leaf.ext"),
            "subjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n",
        )
        .unwrap();
        let middle = format!("middle-{number}");
        // The larger number is encoded behind the smaller one.
        let serials = if first { ["5", "6"] } else { ["6", "5"] };
        for (name, serial) in [(&middle, serials[0]), (&format!("{middle}-twin"), serials[1])] {
            scene.issued(name, "top", &format!("{authority} -subj /CN={middle} -set_serial {serial}"));
        }
        let signer = format!("below-{number}");
        scene.issued(&signer, &middle, "-extfile leaf.ext");
        scene.db.push(entry(scene.der("top")));
        std::fs::write(scene.machine.path("tag"), number).unwrap();
        scene.machine.snowguard.success("pe sections stub --add .tag=tag --output plain");
        scene.machine.snowguard.success(format!(
            "pe sign --key {signer}.key --cert {signer}.pem --chain {middle}.pem --chain {middle}-twin.pem \
             --output {signer}.efi plain"
        ));
        scene.programs.push((format!("{signer}.efi"), None));
    }

    // More than 64 KiB, for hashes of pages.
    scene.own("pages", "-subj /CN=pages");
    scene.db.push(entry(scene.der("pages")));
    std::fs::write(scene.machine.path("large"), vec![7; 10 << 20]).unwrap();
    std::fs::write(scene.machine.path("tiny"), std::fs::read(data("uefi/tiny64.efi")).unwrap()).unwrap();
    scene.machine.snowguard.success("pe sections tiny --add .large=large --output pages.in");
    scene.machine.shell(
        "osslsigncode sign -ph -h sha256 -certs pages.pem -key pages.key -in pages.in -out pages.efi >/dev/null",
    );
    scene.programs.push(("pages.efi".to_owned(), Some(false)));
    scene.judge(NOTHING_LEFT);
}

/// Two certificates in one list, the shorter one filled up with zeros.
#[test]
fn firmware_starts_what_a_padded_entry_allows() {
    let mut scene = Scene::new();
    scene.db.extend(lists::read(&case("dbx-two-certs-one-list/db2.esl")).unwrap());
    for (name, options) in [("short", "-subj /CN=s"), ("longer", "-subj '/CN=a longer one/O=and more of it'")]
    {
        scene.own(name, options);
        scene.signed(name, name, Some(true));
    }
    let [mut short, longer] = ["short", "longer"].map(|name| scene.der(name));
    short.resize(longer.len(), 0);
    let mut list = entry(longer);
    list.signatures.insert(0, SignatureData { owner: owner(), data: short });
    scene.db.push(list);
    // It ends well, and firmware asks what to start then.
    scene.copied("dbx-two-certs-one-list/leaf.efi", true);
    scene.judge("BootManagerMenuApp");
}

/// An entry of which nobody here knows what it forbids: named, and nothing signed is trusted.
#[test]
fn what_cannot_be_read_is_named() {
    let mut scene = Scene::new();
    scene.own("mine", "-subj /CN=mine");
    scene.signed("mine", "mine", None);
    let good = entry(scene.der("mine"));
    // A SEQUENCE of the right length, with nothing of a certificate in it.
    let unknown = [&[0x30, 0x82, 0, 3, 2, 1, 5], &[0; 20][..]].concat();
    let mut second = entry(vec![0; unknown.len()]);
    second.signatures.push(SignatureData { owner: owner(), data: unknown });
    let digest = SignatureList::single(SignatureListKind::Sha256, owner(), vec![1; 32]);
    std::fs::write(scene.machine.path("dbx"), lists::write(&[digest, second])).unwrap();
    std::fs::write(scene.machine.path("db"), lists::write(&[good])).unwrap();
    let snowguard = &scene.machine.snowguard;
    for more in ["", "--as shim "] {
        let told = snowguard.text(1, format!("pe verify {more}--db db --dbx dbx mine.efi"));
        let place = "list 1, entry 1 (owner 12345678-9abc-def0-1234-56789abcdef0)";
        assert!(told.contains("nobody knows what dbx forbids") && told.contains(place), "{told}");
        // The entry before it is no certificate for anybody.
        assert!(told.contains("list 1, entry 0") && told.contains("forbids nothing"), "{told}");
        let told =
            snowguard.text(0, format!("pe verify {more}--db db --dbx dbx --ignore-unreadable mine.efi"));
        assert!(told.contains(place) && told.contains("is ignored"), "{told}");
    }
    let answer = snowguard.run("pe verify --json --db db --dbx dbx mine.efi").with_code(1);
    assert_eq!(answer.json()["trusted"], false);
    assert!(answer.json()["reason"].as_str().unwrap().contains("list 1, entry 1"), "{answer}");
}
