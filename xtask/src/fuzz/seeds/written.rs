//! Small inputs of formats that the real data lacks, written for this purpose.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// The smallest few, for a fuzzer learns no more from large ones.
fn smallest(records: &[Vec<u8>], count: usize) -> Vec<&[u8]> {
    let mut sorted: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    sorted.sort_by_key(|record| record.len());
    sorted.truncate(count);
    sorted
}

/// A zip of two records, that zip in another, as the CVE list's baseline release is, and a feed of
/// the NVD.
pub(super) fn zips(records: &[Vec<u8>], nvd: &[Vec<u8>]) -> anyhow::Result<Vec<Vec<u8>>> {
    let members: Vec<(String, &[u8])> = smallest(records, 2)
        .into_iter()
        .enumerate()
        .map(|(number, record)| (format!("cves/2024/0xxx/CVE-2024-000{number}.json"), record))
        .collect();
    let inner = zip_of(&members)?;
    let outer = zip_of(&[("cves.zip".to_owned(), inner.as_slice())])?;
    let mut all = vec![inner, outer];
    for page in smallest(nvd, 1) {
        all.push(zip_of(&[("nvdcve-2.0-2024.json".to_owned(), page)])?);
    }
    Ok(all)
}

/// A tar archive with a folder, a file and links, as it is and packed by Zstandard.
pub(super) fn archives() -> anyhow::Result<Vec<Vec<u8>>> {
    let mut tar = Vec::new();
    for (path, kind, link, content) in [
        ("a/", b'5', "", ""),
        ("././@LongLink", b'L', "", "a/b\0"),
        ("x", b'0', "", "content"),
        ("pax", b'x', "", "13 path=a/c\n"),
        ("x", b'2', "../a/b", ""),
        ("d", b'1', "a/b", ""),
    ] {
        tar.extend(tar_header(path, kind, link, content.len()));
        tar.extend(content.as_bytes());
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend([0; 1024]);
    let packed = zstd::encode_all(tar.as_slice(), 1)?;
    Ok(vec![tar, packed])
}

/// Container images with one layer: as `docker save` makes them and in the layout of OCI.
pub(super) fn images() -> anyhow::Result<Vec<Vec<u8>>> {
    let archive = |files: &[(&str, u8, &[u8])]| {
        let mut tar = Vec::new();
        for (path, kind, content) in files {
            tar.extend(tar_header(path, *kind, "", content.len()));
            tar.extend(*content);
            tar.resize(tar.len().next_multiple_of(512), 0);
        }
        tar.extend([0; 1024]);
        tar
    };
    let path = format!("nix/store/{}-hello-2.12.1", "a".repeat(32));
    let gone = format!("nix/store/.wh.{}-jq-1.6", "b".repeat(32));
    let layer = archive(&[(&path, b'0', b"x"), (&gone, b'0', b""), ("nix/.wh..wh..opq", b'0', b"")]);
    let manifest = br#"[{"Layers":["0/layer.tar"]}]"#;
    let packed = zstd::encode_all(layer.as_slice(), 1)?;
    let index = br#"{"manifests":[{"digest":"sha256:1"}]}"#;
    let oci = br#"{"layers":[{"mediaType":"x.tar","digest":"sha256:2"}]}"#;
    Ok(vec![
        archive(&[("0/layer.tar", b'0', &layer), ("manifest.json", b'0', manifest)]),
        archive(&[
            ("index.json", b'0', index),
            ("blobs/sha256/1", b'0', oci),
            ("blobs/sha256/2", b'0', &packed),
        ]),
    ])
}

/// The header of an entry (POSIX.1-1988, "ustar Interchange Format").
fn tar_header(path: &str, kind: u8, link: &str, size: usize) -> Vec<u8> {
    let mut header = vec![0; 512];
    let mut put =
        |at: usize, bytes: &[u8]| header.splice(at..at + bytes.len(), bytes.iter().copied()).count();
    put(0, path.as_bytes());
    put(100, b"0000644");
    put(124, format!("{size:011o}").as_bytes());
    put(136, b"00000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

/// Records as lines, as an array and as a page, behind a byte that names their source.
pub(super) fn documents(records: &[Vec<u8>], nvd: &[Vec<u8>]) -> Vec<Vec<u8>> {
    // On one line each.
    let flat: Vec<Vec<u8>> = smallest(records, 3)
        .into_iter()
        .map(|record| record.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect())
        .collect();
    let mut all = vec![
        [b"\0", flat.join(&b"\n"[..]).as_slice()].concat(),
        [b"\0[", flat.join(&b",\n"[..]).as_slice(), b"]"].concat(),
        b"\0[{\"a\":\"]\\\"},{\"},[],{},1]".to_vec(),
        b"\x01{\"resultsPerPage\":1,\"vulnerabilities\":[{\"cve\":{}},{}]}".to_vec(),
    ];
    all.extend(smallest(nvd, 2).into_iter().map(|page| [b"\x01", page].concat()));
    all
}

fn zip_of(members: &[(String, &[u8])]) -> anyhow::Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(name.as_str(), SimpleFileOptions::default())?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Nix archives: a file, a program, a link, and a folder of all three (Dolstra's thesis, figure
/// 5.2).
pub(super) fn nars() -> Vec<Vec<u8>> {
    let file = ["(", "type", "regular", "contents", "hello\n", ")"];
    let program = ["(", "type", "regular", "executable", "", "contents", "#!/bin/sh\n", ")"];
    let link = ["(", "type", "symlink", "target", "../x", ")"];
    let mut folder = vec!["(", "type", "directory"];
    for (name, node) in [("a", &file[..]), ("b", &program[..]), ("c", &link[..])] {
        folder.extend(["entry", "(", "name", name, "node"]);
        folder.extend(node);
        folder.push(")");
    }
    folder.push(")");
    [&file[..], &program, &link, &folder, &["(", "type", "directory", ")"]].into_iter().map(nar).collect()
}

/// The strings of an archive: length as 64 bits little endian, bytes, zeros up to a multiple of 8.
fn nar(words: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in std::iter::once(&"nix-archive-1").chain(words) {
        bytes.extend((word.len() as u64).to_le_bytes());
        bytes.extend(word.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    bytes
}

/// A channel's `packages.json`, version 2.
pub(super) fn packages_json() -> Vec<Vec<u8>> {
    vec![
        br#"{"version":2,"packages":{"hello":{"name":"hello-2.12.1","pname":"hello","version":"2.12.1",
            "system":"x86_64-linux","outputName":"out","outputs":{"out":null},"meta":{"available":true,
            "homepage":"https://example.org/","license":{"spdxId":"GPL-3.0-or-later"},"position":"pkgs/hello.nix:3"}}}}"#
            .to_vec(),
    ]
}

/// Text formats, by the name of the target.
pub(super) fn texts(target: &str) -> Vec<Vec<u8>> {
    let texts: &[&str] = match target {
        "path_info" => &[
            r#"[{"path":"/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1","references":[],"narSize":1}]"#,
            r#"{"info":{"0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1":{"deriver":null}},"storeDir":"/nix/store","version":2}"#,
            r#"{"derivations":{"0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1.drv":{"env":{"pname":"hello"},"name":"hello-2.12.1","outputs":{"out":{"path":"x"}},"inputs":{"drvs":{}}}},"version":4}"#,
            r#"{"/nix/store/0c0pz9gyl5pn6b5dqzz34kxijb4ypzhv-hello-2.12.1.drv":{"env":{},"inputDrvs":{},"outputs":{}}}"#,
        ],
        "sbat" => &[
            "sbat,1,SBAT Version,sbat,1,https://example.org/SBAT.md\ngrub.debian,5,Debian,grub2,2.14-4,https://example.org\n",
            "sbat,1,2025051000\nshim,4\ngrub,5\n",
            "\0\0\0\0\x08\0\0\0\x10\0\0\0sbat,1\n\0sbat,2\n\0",
        ],
        "private_key" => &[
            "text\n-----BEGIN EC PRIVATE KEY-----\nMDECAQEEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8goAoGCCqGSM49\nAwEH\n-----END EC PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n\
             AAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE KEY-----\n",
        ],
        "pkcs11_uri" => &[
            "pkcs11:token=Boot%20keys;object=db;id=%01%ff;type=private;slot-id=3;serial=1;model=m;manufacturer=x",
            "pkcs11:object=db?module-path=/usr/lib/x.so&pin-source=file:///run/pin",
            "pkcs11:?pin-source=/run/pin",
        ],
        "timestamp" => &["0\x050\x03\x02\x01\0", "0\x0b0\x09\x02\x01\x020\x04\x0c\x02no"],
        "hash" => &[
            "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
            "md5-kAFQmDzST7DWlj99KOF/cg==",
            "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ],
        "narinfo" => &["StorePath: /nix/store/7h7qgvs4kgzsn8a6rb273saxyqh4jxlz-konsole-18.12.3\n\
             URL: nar/1bn7c3bf5z32cdgylhbp9nzhh6ydib5ngsm6mdhsvf233g0nh1ac.nar.xz\nCompression: xz\n\
             FileHash: sha256:1bn7c3bf5z32cdgylhbp9nzhh6ydib5ngsm6mdhsvf233g0nh1ac\nFileSize: 12\n\
             NarHash: sha256:1lxjhgl4iy8mnmkpxn0i0zx9pgjwxkm2z9m07kzmhlnsjmmlczvz\nNarSize: 34\n\
             References: 0jqd0rlxzra1rs38rdxl43yh6rxchgc6-curl-7.82.0\n\
             Deriver: 10dx1q4ivjb115y3h90mipaaz533nr0d-konsole-18.12.3.drv\n\
             Sig: cache.example.org-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"],
        "signature" => &[
            "cache.example.org-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
            "cache.example.org-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ],
        "cve_list" => &[
            r#"[{"fetchTime":"2026-11-29T14:10:00.000Z","numberOfChanges":2,"new":[{"cveId":"CVE-2026-0002"}],"updated":[{"cveId":"CVE-2024-0001","dateUpdated":"2026-11-29T14:05:00.000Z"}],"error":[]},{"fetchTime":"2026-11-28T00:00:00Z"}]"#,
            r#"[{"tag_name":"cve_2026-11-29_1400Z","assets":[{"name":"2026-11-29_delta_CVEs_at_1400Z.zip","size":1,"digest":"sha256:00","browser_download_url":"https://example.org/"}]}]"#,
            r#"{"tag_name":"x","assets":[{"name":"2026-11-29_all_CVEs_at_midnight.zip.zip","size":1,"browser_download_url":""}]}"#,
        ],
        "epss" => &["#model_version:v2023.03.01,score_date:2024-10-01T00:00:00+0000\ncve,epss,percentile\n\
             CVE-2024-3094,0.13350,0.95500\nCVE-1999-0001,0.00383,0.72880\n"],
        "purl" => &[
            "pkg:pypi/django@1.11.1",
            "pkg:npm/%40angular/animation@12.3.1?repository_url=https%3A%2F%2Fexample.org#sub/path",
            "pkg:nix/hello@2.12.1",
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?classifier=sources&type=jar",
            "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
        ],
        "sbom_cyclonedx" | "sbom" => &[
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
               "version":1,"components":[{"type":"library","bom-ref":"a","name":"curl","version":"8.3.0",
               "purl":"pkg:nix/curl@8.3.0","cpe":"cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*",
               "properties":[{"name":"nix:out_path","value":"/nix/store/0jqd0rlxzra1rs38rdxl43yh6rxchgc6-curl-8.3.0"}]}],
               "dependencies":[{"ref":"a","dependsOn":[]}]}"#,
        ],
        "sbom_cyclonedx_xml" => &[
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.5\" version=\"1\">\
             <metadata><component type=\"operating-system\"><name>system</name></component></metadata>\
             <components><component type=\"library\" bom-ref=\"a\"><name>curl</name><version>8.3.0</version>\
             <cpe>cpe:2.3:a:haxx:curl:8.3.0:*:*:*:*:*:*:*</cpe><purl>pkg:nix/curl@8.3.0</purl>\
             <pedigree><patches><patch type=\"backport\"><diff><url>https://example.org/a.patch</url></diff>\
             <resolves><issue type=\"security\"><id>CVE-2023-38545</id></issue></resolves></patch></patches></pedigree>\
             <externalReferences><reference type=\"website\"><url>https://curl.se/</url></reference></externalReferences>\
             <properties><property name=\"nix:out_path\">/nix/store/0jqd0rlxzra1rs38rdxl43yh6rxchgc6-curl-8.3.0</property>\
             </properties><components><component><name>a &amp; &#x62; <![CDATA[<c>]]></name></component></components>\
             </component></components><dependencies><dependency ref=\"a\"/></dependencies></bom>",
            "<b:bom xmlns:b='http://cyclonedx.org/schema/bom/1.4'><!-- x --><b:vulnerabilities><b:vulnerability>\
             <b:id>CVE-2023-38545</b:id><b:analysis><b:state>not_affected</b:state><b:detail>why</b:detail></b:analysis>\
             <b:affects><b:target><b:ref>pkg:nix/curl</b:ref></b:target></b:affects></b:vulnerability></b:vulnerabilities></b:bom>",
            "<!DOCTYPE bom [<!ENTITY a 'aa'>]><bom xmlns='http://cyclonedx.org/schema/bom/1.6'>&a;</bom>",
        ],
        "sbom_spdx_tag_value" => &[
            "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: x\n\n# packages\n\
             PackageName: curl\nSPDXID: SPDXRef-curl\nPackageVersion: 8.3.0\nPackageHomePage: https://curl.se/\n\
             PackageDownloadLocation: NOASSERTION\nPackageSummary: <text>two\nlines</text>\n\
             PrimaryPackagePurpose: LIBRARY\nExternalRef: PACKAGE-MANAGER purl pkg:nix/curl@8.3.0\n\
             ExternalRefComment: none\nFileName: ./a\nSPDXID: SPDXRef-a\n\nPackageName: zlib\n",
            "SPDXID: SPDXRef-DOCUMENT\nspdxVersion: SPDX-2.3\npackages:\n- SPDXID: SPDXRef-curl\n  name: curl\n\
             \x20 versionInfo: 8.3.0\n  summary: |-\n    two\n    lines\n  externalRefs:\n  - referenceType: purl\n\
             \x20   referenceLocator: 'pkg:nix/curl@8.3.0'\n- {SPDXID: SPDXRef-a, name: \"a\\u00e9\"}\n",
        ],
        "sbom_spdx" => {
            &[r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","dataLicense":"CC0-1.0","name":"x",
               "documentNamespace":"https://example.org/x","creationInfo":{"created":"2024-01-01T00:00:00Z",
               "creators":["Tool: x"]},"packages":[{"SPDXID":"SPDXRef-a","name":"curl","versionInfo":"8.3.0",
               "downloadLocation":"NOASSERTION","externalRefs":[{"referenceCategory":"PACKAGE-MANAGER",
               "referenceType":"purl","referenceLocator":"pkg:nix/curl@8.3.0"}]}]}"#]
        }
        "sbom_spdx_xml" => &[
            "<Document><SPDXID>SPDXRef-DOCUMENT</SPDXID><spdxVersion>SPDX-2.3</spdxVersion><packages><SPDXID>SPDXRef-a</SPDXID>\
             <name>curl</name><versionInfo>8.3.0</versionInfo><externalRefs><referenceType>purl</referenceType>\
             <referenceLocator>pkg:nix/curl@8.3.0</referenceLocator></externalRefs></packages><files><SPDXID>b</SPDXID></files>\
             <relationships><spdxElementId>SPDXRef-a</spdxElementId><relatedSpdxElement>b</relatedSpdxElement></relationships></Document>",
        ],
        "suppress" => &["[[suppress]]\ncve = \"CVE-2023-38545\"\npackage = \"curl\"\nversion = \"8.3.0\"\n\
             until = 2030-01-01\nreason = \"no SOCKS proxy is used\"\n"],
        "vulnix_whitelist" => &[
            "[\"curl-8.3.0\"]\ncve = [\"CVE-2023-38545\"]\nuntil = \"2030-01-01\"\ncomment = \"see ticket\"\n\
             issue_url = \"https://example.org/1\"\n\n[openssl]\n[\"*\"]\ncve = [\"CVE-2000-0001\"]\n",
            "- cve: CVE-2000-0001\n  name: curl\n  version: 8.3.0\n  comment: old format\n",
        ],
        "ignore_files" => &[
            "# why\nCVE-2023-38545 exp:2030-01-01\nGHSA-j8r2-6x86-q33q\n",
            "vulnerabilities:\n  - id: CVE-2023-38545\n    purls: [\"pkg:npm/x\"]\n    expired_at: 2030-01-01\n",
            "ignore:\n  - vulnerability: CVE-2023-38545\n    package:\n      name: \"libcurl.*\"\n      version: 8.3.0\n",
            "[[IgnoredVulns]]\nid = \"CVE-2023-38545\"\nignoreUntil = 2030-01-01\nreason = \"x\"\n",
        ],
        "csaf" => &[r#"{"document":{"category":"csaf_vex","csaf_version":"2.0"},"product_tree":{
               "branches":[{"category":"vendor","name":"A","branches":[{"category":"product_name","name":"curl","branches":[
               {"category":"product_version","name":"8.3.0","product":{"product_id":"C","name":"curl 8.3.0"}}]}]}],
               "full_product_names":[{"product_id":"P","name":"p","product_identification_helper":
               {"purl":"pkg:nix/curl@8.3.0","cpe":"cpe:/a:haxx:curl:8.3.0"}}],
               "relationships":[{"category":"default_component_of","product_reference":"P",
               "relates_to_product_reference":"C","full_product_name":{"product_id":"R","name":"r"}}],
               "product_groups":[{"group_id":"G","product_ids":["C","P"]}]},
               "vulnerabilities":[{"cve":"CVE-2023-38545","product_status":{"known_not_affected":["C","R"],"fixed":["P"]},
               "flags":[{"label":"component_not_present","group_ids":["G"]}],
               "threats":[{"category":"impact","details":"d","product_ids":["R"]}]}]}"#],
        "openvex" => &[
            r#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.org/vex-1","author":"x","version":1,
               "timestamp":"2024-01-01T00:00:00Z","statements":[{"vulnerability":{"name":"CVE-2023-38545"},
               "products":[{"@id":"pkg:nix/curl@8.3.0"}],"status":"not_affected",
               "justification":"vulnerable_code_not_in_execute_path"}]}"#,
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","bom-ref":"a","name":"curl",
               "version":"8.3.0","purl":"pkg:nix/curl@8.3.0"}],"vulnerabilities":[{"id":"CVE-2023-38545",
               "analysis":{"state":"not_affected","justification":"code_not_reachable","detail":"x"},
               "affects":[{"ref":"a"}]}]}"#,
        ],
        _ => &[],
    };
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// A key in PKCS #12, neither encrypted nor authenticated, and one that says to be encrypted.
pub(super) fn pkcs12() -> Vec<Vec<u8>> {
    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        // The long form has room for all that is here.
        let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
        let short = [length[1]];
        let long = [0x81, length[1]];
        let longer = [0x82, length[0], length[1]];
        let length: &[u8] = match content.len() {
            0..128 => &short,
            128..256 => &long,
            _ => &longer,
        };
        [&[tag], length, &content].concat()
    }
    let oid = |last: &[u8]| element(6, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1], last]);
    let sequence = |parts: &[&[u8]]| element(0x30, parts);
    let version = |number: u8| element(2, &[&[number]]);
    let curve = sequence(&[
        &element(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]]),
        &element(6, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]]),
    ]);
    let key = sequence(&[&version(1), &element(4, &[&[7; 32]])]);
    let clear = sequence(&[&version(0), &curve, &element(4, &[&key])]);
    let scheme = sequence(&[&oid(&[12, 1, 3]), &sequence(&[&element(4, &[&[1; 8]]), &version(9)])]);
    let shrouded = sequence(&[&scheme, &element(4, &[&[2; 16]])]);
    let file = |kind: u8, key: &[u8]| {
        let bag = sequence(&[&oid(&[12, 10, 1, kind]), &element(0xa0, &[key])]);
        let data = |octets: &[u8]| sequence(&[&oid(&[7, 1]), &element(0xa0, &[&element(4, &[octets])])]);
        sequence(&[&version(3), &data(&sequence(&[&data(&sequence(&[&bag]))]))])
    };
    vec![file(1, &clear), file(2, &shrouded)]
}
