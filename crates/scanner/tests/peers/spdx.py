"""Random documents by the SPDX project's library, valid to it, in the forms that the arguments name."""
import datetime, random, sys
from spdx_tools.spdx.model import (
    Actor, ActorType, CreationInfo, Document, ExternalPackageRef, ExternalPackageRefCategory, File, Checksum,
    ChecksumAlgorithm, Package, PackagePurpose, Relationship, RelationshipType, SpdxNoAssertion, SpdxNone)
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from spdx_tools.spdx.writer.write_anything import write_file

folder = sys.argv[1]
draw = random.Random(20232)
WORDS = ["openssl", "libxml2", "a & b", "<script>", 'quo"te', "it's", "ünïcode", "日本", "# no comment", "a: b", "- dash",
         "yes", "1.10", "null", "x" * 300]
word = lambda: draw.choice(WORDS)
nothing = [SpdxNoAssertion(), SpdxNone()]
for number in range(12):
    new = number % 2 == 0
    packages, files, relationships = [], [], []
    for index in range(draw.randrange(1, 12)):
        references = []
        if draw.random() < 0.6:
            references.append(ExternalPackageRef(
                ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", f"pkg:generic/p{index}@1.{index}"))
        if draw.random() < 0.5:
            references.append(ExternalPackageRef(
                ExternalPackageRefCategory.SECURITY, "cpe23Type", f"cpe:2.3:a:v:p{index}:1.0:*:*:*:*:*:*:*"))
        if draw.random() < 0.3:
            references.append(ExternalPackageRef(
                ExternalPackageRefCategory.OTHER, "http://example.org/kind", "something", comment="two\nlines"))
        packages.append(Package(
            spdx_id=f"SPDXRef-{index}", name=word(), version=draw.choice([None, "1.10", "2.0-rc1", "3"]),
            download_location=draw.choice([*nothing, "https://example.org/a.tar.gz"]),
            homepage=draw.choice([None, *nothing, "https://example.org/"]), files_analyzed=False,
            summary=draw.choice([None, "one line", "two\nlines\nPackageName: not this one"]),
            description=draw.choice([None, "two\nlines\nPackageVersion: not this one"]),
            comment=draw.choice([None, "SPDXID: none"]),
            primary_package_purpose=draw.choice(
                [None, PackagePurpose.LIBRARY, PackagePurpose.SOURCE, PackagePurpose.FILE]) if new else None,
            external_references=references))
        relationships.append(Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, f"SPDXRef-{index}"))
        if draw.random() < 0.4:
            files.append(File(f"./file {index}", f"SPDXRef-file-{index}",
                              [Checksum(ChecksumAlgorithm.SHA1, "d6a770ba38583ed4bb4525bd96e50461655d2759")]))
            relationships.append(Relationship(f"SPDXRef-{index}", RelationshipType.OTHER, f"SPDXRef-file-{index}", "x"))
    document = Document(
        CreationInfo("SPDX-2.3" if new else "SPDX-2.2", "SPDXRef-DOCUMENT", "a document",
                     f"https://example.org/{number}", [Actor(ActorType.TOOL, "peer")],
                     datetime.datetime(2024, 1, 1)), packages, files, relationships=relationships)
    if not new:
        # Obligatory before 2.3.
        for one in packages:
            one.license_concluded = one.license_declared = one.copyright_text = SpdxNoAssertion()
        for one in files:
            one.license_concluded = one.copyright_text = SpdxNoAssertion(); one.license_info_in_file = [SpdxNoAssertion()]
    problems = validate_full_spdx_document(document)
    assert not problems, problems
    for suffix in sys.argv[2:]:
        write_file(document, f"{folder}/{number}.{suffix}", validate=False)
