//! Keys, made by openssl, and certificates, made octet by octet so that they can be wrong.

use crate::der::{
    BITS, BOOLEAN, Element, INTEGER, OCTETS, SET, TIME, UTC_TIME, UTF8, algorithm, context, octets, oid,
    sequence,
};
use authenticode::DigestAlgorithm;
use authenticode::sign::PrivateKey;
use test_support::ToolboxFolder;

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// PKCS #1 v1.5 with this digest.
    Rsa(&'static str),
    /// RSASSA-PSS with this digest, salt of its size.
    Pss(&'static str),
    /// ECDSA with this digest.
    Ecdsa(&'static str),
}

/// The object identifier of a digest.
pub(crate) fn digest_oid(digest: &str) -> &'static str {
    match digest {
        "md5" => "1.2.840.113549.2.5",
        "sha1" => "1.3.14.3.2.26",
        "sha224" => "2.16.840.1.101.3.4.2.4",
        "sha256" => "2.16.840.1.101.3.4.2.1",
        "sha384" => "2.16.840.1.101.3.4.2.2",
        "sha512" => "2.16.840.1.101.3.4.2.3",
        _ => panic!("an unknown digest: {digest}"),
    }
}

impl Scheme {
    pub(crate) fn digest(self) -> &'static str {
        let (Self::Rsa(digest) | Self::Pss(digest) | Self::Ecdsa(digest)) = self;
        digest
    }

    /// As certificates name it.
    pub(crate) fn identifier(self) -> Element {
        match self {
            Self::Rsa(digest) => {
                let last = match digest {
                    "md5" => 4,
                    "sha1" => 5,
                    "sha256" => 11,
                    "sha384" => 12,
                    "sha512" => 13,
                    "sha224" => 14,
                    _ => panic!("an unknown digest: {digest}"),
                };
                algorithm(&format!("1.2.840.113549.1.1.{last}"), true)
            }
            Self::Pss(digest) => {
                let hash = algorithm(digest_oid(digest), true);
                let mask = sequence([oid("1.2.840.113549.1.1.8"), hash.clone()]);
                let salt = octets(INTEGER, [32]);
                let parameters = sequence([context(0, [hash]), context(1, [mask]), context(2, [salt])]);
                sequence([oid("1.2.840.113549.1.1.10"), parameters])
            }
            Self::Ecdsa(digest) => {
                let last = match digest {
                    "sha256" => 2,
                    "sha384" => 3,
                    _ => panic!("not with ECDSA: {digest}"),
                };
                algorithm(&format!("1.2.840.10045.4.3.{last}"), false)
            }
        }
    }
}

/// The keys of a run, in a folder of the toolbox.
pub(crate) struct Keys<'f> {
    folder: &'f ToolboxFolder,
}

/// A key.
pub(crate) struct Key<'f> {
    folder: &'f ToolboxFolder,
    name: &'static str,
    /// For most signatures: it is much faster than to start openssl.
    fast: Option<PrivateKey>,
    pub(crate) public: Element,
    pub(crate) scheme: Scheme,
}

/// All keys, by the options that openssl makes them with.
const KEYS: [(&str, &str); 13] = [
    ("one", "genrsa 2048"),
    ("two", "genrsa 2048"),
    ("three", "genrsa 2048"),
    ("four", "genrsa 2048"),
    ("five", "genrsa 2048"),
    ("rsa1024", "genrsa 1024"),
    ("rsa3072", "genrsa 3072"),
    ("rsa4096", "genrsa 4096"),
    // More primes are found faster than two large ones; nobody sees it from outside.
    ("rsa8192", "genrsa -primes 5 8192"),
    ("rsa9216", "genrsa -primes 5 9216"),
    ("p256", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
    ("p384", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
    ("exponent3", "genrsa -3 2048"),
];

impl<'f> Keys<'f> {
    /// Makes all of them.
    pub(crate) fn new(folder: &'f ToolboxFolder) -> Self {
        let make = |(name, options): &(&str, &str)| {
            let (key, public) = (format!("{name}.key"), format!("{name}.pub"));
            let mut arguments: Vec<&str> = options.split(' ').collect();
            arguments.splice(1..1, ["-out", &key]);
            folder.run("openssl", arguments);
            folder.run("openssl", ["pkey", "-in", &key, "-pubout", "-outform", "DER", "-out", &public]);
        };
        std::thread::scope(|scope| {
            for key in &KEYS {
                scope.spawn(move || make(key));
            }
        });
        Self { folder }
    }

    pub(crate) fn get(&self, name: &str) -> Key<'f> {
        let (name, _) = KEYS.iter().find(|(known, _)| *known == name).unwrap();
        let read = |ending: &str| std::fs::read(self.folder.path(&format!("{name}.{ending}"))).unwrap();
        let scheme = match *name {
            "p256" => Scheme::Ecdsa("sha256"),
            "p384" => Scheme::Ecdsa("sha384"),
            _ => Scheme::Rsa("sha256"),
        };
        let fast = PrivateKey::read(&read("key"), None).ok();
        Key { folder: self.folder, name, fast, public: Element::read(&read("pub")), scheme }
    }
}

impl Key<'_> {
    pub(crate) fn sign(&self, scheme: Scheme, message: &[u8]) -> Vec<u8> {
        let known = match scheme {
            Scheme::Rsa("sha256") | Scheme::Ecdsa("sha256") => Some(DigestAlgorithm::Sha256),
            Scheme::Rsa("sha384") | Scheme::Ecdsa("sha384") => Some(DigestAlgorithm::Sha384),
            Scheme::Rsa("sha512") => Some(DigestAlgorithm::Sha512),
            _ => None,
        };
        if let (Some(key), Some(digest)) = (&self.fast, known) {
            return key.sign(digest, message).unwrap();
        }
        let padding = match scheme {
            Scheme::Pss(_) => " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32",
            Scheme::Rsa(_) | Scheme::Ecdsa(_) => "",
        };
        std::fs::write(self.folder.path("message"), message).unwrap();
        let (name, digest) = (self.name, scheme.digest());
        let call = format!("dgst -{digest} -sign {name}.key{padding} -out signature message");
        self.folder.run("openssl", call.split(' ').collect::<Vec<_>>());
        std::fs::read(self.folder.path("signature")).unwrap()
    }
}

/// What a digest of this name is, for what openssl has to compute because we do not.
pub(crate) fn digest(folder: &ToolboxFolder, name: &str, message: &[u8]) -> Vec<u8> {
    match name {
        "sha1" => DigestAlgorithm::Sha1.digest(message),
        "sha256" => DigestAlgorithm::Sha256.digest(message),
        "sha384" => DigestAlgorithm::Sha384.digest(message),
        "sha512" => DigestAlgorithm::Sha512.digest(message),
        _ => {
            std::fs::write(folder.path("message"), message).unwrap();
            folder.run("openssl", ["dgst", &format!("-{name}"), "-binary", "-out", "digest", "message"]);
            std::fs::read(folder.path("digest")).unwrap()
        }
    }
}

/// A name of one part, in a type of string.
pub(crate) fn name_of(tag: u8, text: &[u8]) -> Element {
    sequence([crate::der::parts(SET, [sequence([oid("2.5.4.3"), octets(tag, text)])])])
}

pub(crate) fn name(text: &str) -> Element {
    name_of(UTF8, text.as_bytes())
}

pub(crate) fn extension(id: &str, critical: bool, value: &Element) -> Element {
    let critical = critical.then(|| octets(BOOLEAN, [0xff]));
    sequence([oid(id)].into_iter().chain(critical).chain([octets(OCTETS, value.write())]))
}

/// Basic constraints.
pub(crate) fn authority(is: bool, length: Option<u8>) -> Element {
    let is = is.then(|| octets(BOOLEAN, [0xff]));
    let length = length.map(|length| octets(INTEGER, [length]));
    extension("2.5.29.19", true, &sequence(is.into_iter().chain(length)))
}

/// Key usage: the bits, from the first on.
pub(crate) fn usage(bits: u8) -> Element {
    let unused = u8::try_from(bits.trailing_zeros().min(7)).unwrap();
    extension("2.5.29.15", true, &octets(BITS, [unused, bits]))
}

/// A date in the type that it has by RFC 5280.
pub(crate) fn date(year: u16) -> Element {
    if (1950..2050).contains(&year) {
        octets(UTC_TIME, format!("{:02}0203040506Z", year % 100))
    } else {
        octets(TIME, format!("{year:04}0203040506Z"))
    }
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) subject: Element,
    pub(crate) issuer: Element,
    pub(crate) serial: Vec<u8>,
    pub(crate) validity: Element,
    pub(crate) extensions: Vec<Element>,
    pub(crate) scheme: Scheme,
    pub(crate) version: Option<u8>,
}

impl Certificate {
    pub(crate) fn new(subject: &str, issuer: &str) -> Self {
        Self {
            subject: name(subject),
            issuer: name(issuer),
            serial: vec![1],
            validity: sequence([date(2020), date(2049)]),
            extensions: Vec::new(),
            scheme: Scheme::Rsa("sha256"),
            version: Some(2),
        }
    }

    /// Who may issue.
    pub(crate) fn authority(mut self) -> Self {
        self.extensions = vec![authority(true, None)];
        self
    }

    pub(crate) fn with(mut self, extensions: &[Element]) -> Self {
        self.extensions.extend_from_slice(extensions);
        self
    }

    pub(crate) fn tbs(&self, key: &Key<'_>) -> Element {
        let version = self.version.map(|version| context(0, [octets(INTEGER, [version])]));
        let extensions =
            (!self.extensions.is_empty()).then(|| context(3, [sequence(self.extensions.clone())]));
        let fields = [
            octets(INTEGER, &self.serial),
            self.scheme.identifier(),
            self.issuer.clone(),
            self.validity.clone(),
            self.subject.clone(),
            key.public.clone(),
        ];
        sequence(version.into_iter().chain(fields).chain(extensions))
    }

    /// Signed.
    pub(crate) fn make(&self, key: &Key<'_>, issuer: &Key<'_>) -> Vec<u8> {
        sign(&self.tbs(key), self.scheme, issuer)
    }
}

/// A certificate of what is to be signed, whatever that is.
pub(crate) fn sign(tbs: &Element, scheme: Scheme, issuer: &Key<'_>) -> Vec<u8> {
    let signature = issuer.sign(scheme, &tbs.write());
    sequence([tbs.clone(), scheme.identifier(), octets(BITS, [vec![0], signature].concat())]).write()
}
