//! Keys, certificates and signatures for tests; good ones and others.

// Every test program uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

use authenticode::DigestAlgorithm;
use authenticode::attach::{attach, padding};
use authenticode::certificate::Certificate;
use authenticode::cms::{SignedContent, SignedDataRequest, prepare};
use authenticode::image_digest;
use authenticode::lists::SignatureDatabase;
use authenticode::pe::{Layout, certificates};
use authenticode::sign::PrivateKey;
use authenticode::verify::{ImageVerdict, Subject, TrustPolicy, decide};
use test_support::{ToolboxFolder, data};

/// A place for keys and certificates, all made by openssl.
pub(crate) struct Forge {
    pub(crate) room: ToolboxFolder,
}

/// A key and its certificate.
pub(crate) struct Identity {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Certificate,
}

impl Forge {
    pub(crate) fn new() -> Self {
        Self { room: ToolboxFolder::new("forge") }
    }

    /// Runs a script of the toolbox's programs, some of which want `/proc`.
    pub(crate) fn shell(&self, script: &str) -> String {
        let mut command = std::process::Command::new("bwrap");
        command.arg("--bind").arg(self.room.root()).args([
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
            "--clearenv",
        ]);
        command.args(["--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--setenv", "LC_ALL", "C.UTF-8"]);
        command.args(["--chdir", &self.room.inside(""), "sh", "-euc", script]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A certificate that signed itself, with `NAME.key` and `NAME.pem` in the room. `more` are
    /// options for openssl.
    pub(crate) fn own(&self, name: &str, subject: &str, more: &str) -> Identity {
        self.shell(&format!(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.pem -days 3650 \
             -subj '{subject}' {more} 2>&1"
        ));
        self.identity(name)
    }

    /// A certificate that another issued, with extensions.
    pub(crate) fn issued(&self, name: &str, issuer: &str, extensions: &str) -> Identity {
        self.shell(&format!(
            "printf '{extensions}' > {name}.ext; openssl genrsa -out {name}.key 2048 2>/dev/null; \
             openssl pkey -in {name}.key -pubout -out {name}.pub; \
             openssl x509 -new -force_pubkey {name}.pub -subj /CN={name} -CA {issuer}.pem -CAkey {issuer}.key \
             -days 3650 -extfile {name}.ext -out {name}.pem 2>&1"
        ));
        self.identity(name)
    }

    pub(crate) fn identity(&self, name: &str) -> Identity {
        let key = self.read(&format!("{name}.key"));
        Identity { key: PrivateKey::read(&key, None).unwrap(), certificate: self.certificate(name) }
    }

    pub(crate) fn certificate(&self, name: &str) -> Certificate {
        Certificate::read_all(&self.read(&format!("{name}.pem"))).unwrap().remove(0)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.room.outside(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.room.outside(name), bytes).unwrap();
    }

    /// What sbverify says of an image.
    pub(crate) fn sbverify(&self, image: &[u8], certificate: &str) -> bool {
        self.write("image", image);
        self.room.try_run("sbverify", ["--cert", &format!("{certificate}.pem"), "image"]).status.success()
    }
}

/// A small program without a signature.
pub(crate) fn tiny() -> Vec<u8> {
    std::fs::read(data("uefi/tiny64.efi")).unwrap()
}

/// A signature for an image, with these certificates besides the signer's.
pub(crate) fn signature(image: &[u8], signer: &Identity, chain: &[Certificate]) -> Vec<u8> {
    signature_with(image, signer, chain, DigestAlgorithm::Sha256)
}

pub(crate) fn signature_with(
    image: &[u8],
    signer: &Identity,
    chain: &[Certificate],
    algorithm: DigestAlgorithm,
) -> Vec<u8> {
    let layout = Layout::read(image).unwrap();
    let digests = image_digest::digests(image, &layout, padding(&layout), &[algorithm]).unwrap();
    let content = SignedContent::Image(digests.get(algorithm).unwrap().to_vec());
    let request =
        SignedDataRequest { content, algorithm, signer: &signer.certificate, chain, signing_time: None };
    let wanted = prepare(&request).unwrap();
    let signed = signer.key.sign(algorithm, wanted.attributes.as_deref().unwrap()).unwrap();
    wanted.complete(&signed, &[]).unwrap()
}

/// The image with these signatures and no others.
pub(crate) fn attached(image: &[u8], signatures: &[Vec<u8>]) -> Vec<u8> {
    let layout = Layout::read(image).unwrap();
    let attachment = attach(image, &layout, signatures.iter().map(Vec::as_slice)).unwrap();
    let mut signed = image[..usize::try_from(attachment.content_end).unwrap()].to_vec();
    signed.extend(&attachment.tail);
    for (offset, bytes) in &attachment.patches {
        let at = usize::try_from(*offset).unwrap();
        signed[at..at + bytes.len()].copy_from_slice(bytes);
    }
    signed
}

pub(crate) fn signed(image: &[u8], signer: &Identity, chain: &[Certificate]) -> Vec<u8> {
    attached(image, &[signature(image, signer, chain)])
}

/// The signatures of an image.
pub(crate) fn signatures(image: &[u8]) -> Vec<Vec<u8>> {
    let layout = Layout::read(image).unwrap();
    certificates(image, &layout).unwrap().into_iter().map(|entry| entry.content).collect()
}

pub(crate) fn database<'c>(certificates: impl IntoIterator<Item = &'c Certificate>) -> SignatureDatabase {
    let mut database = SignatureDatabase::default();
    for certificate in certificates {
        database.add_certificate("test", certificate);
    }
    database
}

/// A policy that trusts these.
pub(crate) fn trusting<'c>(certificates: impl IntoIterator<Item = &'c Certificate>) -> TrustPolicy {
    TrustPolicy { db: database(certificates), ..TrustPolicy::default() }
}

pub(crate) fn verdict(image: &[u8], policy: &TrustPolicy) -> ImageVerdict {
    let layout = Layout::read(image).unwrap();
    decide(&Subject::read(image, &layout, policy).unwrap(), policy, None)
}

/// Everything that is said against an image; empty if it is trusted.
pub(crate) fn complaint(image: &[u8], policy: &TrustPolicy) -> String {
    let layout = match Layout::read(image) {
        Ok(layout) => layout,
        Err(error) => return error.to_string(),
    };
    let verdict = match Subject::read(image, &layout, policy) {
        Ok(subject) => decide(&subject, policy, None),
        Err(error) => return error.to_string(),
    };
    let Err(reason) = verdict.outcome else { return String::new() };
    let problems = verdict.findings.iter().filter_map(|finding| finding.result.as_ref().err());
    problems.fold(reason.to_string(), |text, problem| format!("{text}; {problem}"))
}
