//! `snowguard pe sign --timestamp-url`: `openssl ts` is the authority, behind a small server on the
//! loopback device; osslsigncode and our own `pe verify` look at the result.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use test_support::{Outcome, Snowguard, ToolboxFolder, http_response, serve, snowguard};

/// What `openssl ts` needs: who signs, and how.
const CONFIG: &str = "\
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
certs = tsa-ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = yes
tsa_name = yes
";

/// A folder in the toolbox with a signer (`key`, `cert`), an authority for timestamps
/// (`tsa-ca.pem`, `tsa.pem`), and programs.
struct Fixture {
    folder: ToolboxFolder,
    snowguard: Snowguard,
}

impl Fixture {
    fn new() -> Arc<Self> {
        let folder = ToolboxFolder::new("timestamp");
        folder.take(&[
            ("usr/lib/shim/mmx64.efi", "mm"),
            ("usr/lib/systemd/boot/efi/linuxx64.efi.stub", "stub"),
        ]);
        folder.write("ts.conf", CONFIG);
        folder.write("serial", "01\n");
        let snowguard = snowguard!().in_folder(folder.folder());
        let fixture = Self { folder, snowguard };
        let new = "req -x509 -newkey rsa:2048 -nodes -days 30";
        fixture.openssl(&format!("{new} -keyout key -out cert -subj /CN=signer/"));
        fixture.openssl(&format!("{new} -keyout tsa-ca.key -out tsa-ca.pem -subj /CN=ca/"));
        for (name, usage) in
            [("tsa", "critical,timeStamping"), ("loose", "timeStamping"), ("other", "codeSigning")]
        {
            fixture.openssl(&format!(
                "{new} -keyout {name}.key -out {name}.pem -subj /CN={name}/ -CA tsa-ca.pem -CAkey tsa-ca.key \
                 -addext extendedKeyUsage={usage} -addext basicConstraints=critical,CA:FALSE"
            ));
        }
        Arc::new(fixture)
    }

    fn openssl(&self, arguments: &str) -> String {
        self.folder.run("openssl", arguments)
    }

    /// What `openssl ts` answers to a request.
    fn reply(&self, request: &[u8], more: &str) -> Vec<u8> {
        let name = format!("request{}", std::thread::current().name().unwrap_or_default().len());
        self.folder.write(&name, request);
        self.openssl(&format!("ts -reply -config ts.conf -queryfile {name} -out {name}.answer {more}"));
        self.folder.read(&format!("{name}.answer"))
    }

    /// The same, signed by another certificate, which `openssl ts` would refuse to sign with.
    fn forged(&self, request: &[u8], signer: &str) -> Vec<u8> {
        self.folder.write("forge", request);
        self.openssl("ts -reply -config ts.conf -queryfile forge -token_out -out token");
        self.openssl("cms -verify -noverify -inform der -in token -out info");
        self.openssl(&format!(
            "cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -outform der \
             -signer {signer}.pem -inkey {signer}.key -in info -out token"
        ));
        let token = self.folder.read("token");
        let status = [0x30, 3, 2, 1, 0];
        let length = u16::try_from(status.len() + token.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82, length[0], length[1]][..], &status, &token].concat()
    }

    fn sign(&self, url: &str, arguments: &str) -> Outcome {
        self.snowguard.run(format!("pe sign --cert cert --timestamp-url {url} {arguments}"))
    }

    /// Signing must fail with this, and write nothing.
    #[track_caller]
    fn refused(&self, url: &str, problem: &str) {
        let text = self.sign(url, "--key key --output refused mm").failure(3);
        assert!(text.contains("no timestamp: ") && text.contains(problem), "{problem}: {text}");
        assert!(!self.folder.path("refused").exists());
    }
}

/// An authority: its URL. Each request has to be what RFC 3161, section 3.4, requires.
fn authority(answer: impl Fn(Vec<u8>) -> Vec<u8> + Send + 'static) -> String {
    let address = serve(move |request| {
        assert!(request.head.starts_with("POST /tsa HTTP/1.1\r\n"), "{}", request.head);
        assert_eq!(request.field("content-type"), Some("application/timestamp-query"));
        answer(request.body.clone())
    });
    format!("http://{address}/tsa")
}

fn http(media: &str, body: &[u8]) -> Vec<u8> {
    let fields = [format!("Content-Type: {media}"), format!("Content-Length: {}", body.len())];
    http_response("200 OK", &fields.each_ref().map(String::as_str), body)
}

fn timestamp(body: &[u8]) -> Vec<u8> {
    http("application/timestamp-reply", body)
}

#[test]
fn timestamps() {
    let fixture = Fixture::new();
    // Servers live on; the folder shall not.
    let signer = Arc::downgrade(&fixture);
    let url = authority(move |request| timestamp(&signer.upgrade().unwrap().reply(&request, "")));
    let verify = |file: &str| {
        let text = fixture
            .folder
            .run("osslsigncode", ["verify", "-in", file, "-CAfile", "cert", "-TSA-CAfile", "tsa-ca.pem"]);
        assert!(text.contains("Signature verification: ok"), "{text}");
        assert!(text.contains("Timestamp Server Signature verification: ok"), "{text}");
    };
    for digest in ["sha256", "sha384", "sha512"] {
        fixture.sign(&url, &format!("--key key --digest {digest} --output signed mm")).success();
        verify("signed");
    }
    std::fs::create_dir(fixture.folder.path("out")).unwrap();
    fixture.sign(&url, "--key key --output-dir out mm stub").success();
    for file in ["out/mm", "out/stub"] {
        verify(file);
        fixture.folder.run("sbverify", ["--cert", "cert", file]);
    }
    // With the key elsewhere, when the signature comes back.
    fixture.snowguard.success("pe sign --cert cert --prepare tbs mm");
    fixture.openssl("dgst -sha256 -sign key -out tbs/mm.sig tbs/mm.tbs");
    fixture.sign(&url, "--complete tbs --output signed mm").success();
    verify("signed");
    // The request is one that openssl can read: a nonce, and the wish for certificates.
    let text = fixture.openssl(&format!("ts -query -in {} -text", "request0"));
    assert!(text.contains("Certificate required: yes") && text.contains("Nonce: 0x"), "{text}");
}

#[test]
fn bad_answers_are_refused() {
    let fixture = Fixture::new();
    let with = |change: fn(&Fixture, Vec<u8>) -> Vec<u8>| {
        // Servers live on; the folder shall not.
        let fixture = Arc::downgrade(&fixture);
        authority(move |request| change(&fixture.upgrade().unwrap(), request))
    };
    // An answer to another request for the same signature: the nonce differs.
    fixture.refused(
        &with(|fixture, mut request| {
            let nonce = request.len() - 3 - 16;
            request[nonce + 5] ^= 1;
            timestamp(&fixture.reply(&request, ""))
        }),
        "it has another nonce",
    );
    // For another signature.
    fixture.refused(
        &with(|fixture, mut request| {
            let nonce = request.len() - 3 - 16;
            request[nonce - 10] ^= 1;
            timestamp(&fixture.reply(&request, ""))
        }),
        "it is for another signature",
    );
    // Changed after it was signed.
    fixture.refused(
        &with(|fixture, request| {
            let mut answer = fixture.reply(&request, "");
            *answer.last_mut().unwrap() ^= 1;
            timestamp(&answer)
        }),
        "timestamp: ",
    );
    // By certificates that are not for timestamps alone. (The first shows that the forgery is
    // otherwise good.)
    let url = with(|fixture, request| timestamp(&fixture.forged(&request, "tsa")));
    fixture.sign(&url, "--key key --output signed mm").success();
    let not_critical = "does not say critically that it is for timestamps alone";
    fixture.refused(&with(|fixture, request| timestamp(&fixture.forged(&request, "loose"))), not_critical);
    fixture.refused(
        &with(|fixture, request| timestamp(&fixture.forged(&request, "other"))),
        "the signer's certificate is not for timestamps alone",
    );
    fixture.refused(&with(|_, _| timestamp(b"\x30\x03\x02\x01\x02")), "the answer is no timestamp");
    fixture.refused(
        &with(|_, _| timestamp(b"\x30\x0a\x30\x08\x02\x01\x02\x03\x03\x05\x00\x20")),
        "the authority refuses: rejection",
    );
    fixture.refused(
        &with(|fixture, mut request| {
            // A version that there is not.
            request[4] = 9;
            timestamp(&fixture.reply(&request, ""))
        }),
        "the authority refuses: rejection",
    );
    fixture.refused(&with(|_, _| http("text/html", b"<html>")), "the server answers with text/html");
    fixture.refused(
        &with(|_, _| http_response("503 Busy", &["Content-Length: 0"], b"")),
        "the server answers with status 503",
    );
    fixture.refused(
        &with(|_, _| {
            http_response("302 Found", &["Location: http://127.0.0.1:1/", "Content-Length: 0"], b"")
        }),
        "the server redirects to another address",
    );
    fixture.refused(&with(|_, _| timestamp(&vec![0; 300 << 10])), "bytes allowed");
    fixture.refused("http://127.0.0.1:1/tsa", "cannot query http://127.0.0.1:1/tsa");
    fixture.refused("ftp://127.0.0.1/", "it begins neither with");
    // No timestamp is requested for what is no signature.
    let url = with(|_, _| panic!("requested"));
    fixture.openssl("genrsa -out another.key 2048");
    let outcome = fixture.sign(&url, "--key another.key --output refused mm");
    assert!(outcome.stderr.contains("do not belong together"), "{outcome}");
}
