"""Random documents by the reference implementation of CycloneDX: each in JSON and in XML that the published XSD accepts."""
import random, sys
from decimal import Decimal
from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import (
    Component, ComponentType, Diff, Patch, PatchClassification, Pedigree)
from cyclonedx.model.impact_analysis import ImpactAnalysisJustification, ImpactAnalysisState
from cyclonedx.model.issue import IssueClassification, IssueType
from cyclonedx.model.vulnerability import BomTarget, Vulnerability, VulnerabilityAnalysis
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.xml import XmlValidator
from packageurl import PackageURL

folder = sys.argv[1]
draw = random.Random(20231)
WORDS = ["openssl", "libxml2", "a & b", "<script>", 'quo"te', "it's", "ünïcode", "日本", "]]>", "&amp;", "x" * 300,
         "\u202egnp", "two  spaces", "-", "%41", "é"]
word = lambda: draw.choice(WORDS)
version = lambda: draw.choice(["1", "1.10", "3.0.2-rc1+b&c", "2024-01-01", "<1", "0.0.0~git"])
count = 0

def component(depth):
    global count
    count += 1
    name = f"{word()}-{count}" if draw.random() < 0.8 else word()
    one = Component(
        name=name, version=version() if draw.random() < 0.9 else None,
        type=draw.choice([ComponentType.LIBRARY, ComponentType.APPLICATION, ComponentType.FILE,
                          ComponentType.CONTAINER, ComponentType.FRAMEWORK]),
        bom_ref=f"ref {count} {word()}",
        group=draw.choice([None, "@scope", "org.example"]),
        description=draw.choice([None, "line one, line two", word()]))
    if draw.random() < 0.6:
        one.purl = PackageURL(draw.choice(["generic", "npm", "pypi", "nix"]), None, f"p-{count}", version())
    if draw.random() < 0.4:
        one.cpe = f"cpe:2.3:a:vendor:p{count}:1.0:*:*:*:*:*:*:*"
    for kind in (ExternalReferenceType.WEBSITE, ExternalReferenceType.VCS, ExternalReferenceType.CHAT):
        if draw.random() < 0.4:
            one.external_references.add(ExternalReference(type=kind, url=XsUri(f"https://example.org/{count}?a=1&b=2")))
    if draw.random() < 0.4:
        one.properties.add(Property(name="nix:output_path", value=f"/nix/store/{count}-x"))
        one.properties.add(Property(name="nix:drv_path", value=f"/nix/store/{count}-x.drv"))
        one.properties.add(Property(name="unknown", value=word()))
    if draw.random() < 0.3:
        one.pedigree = Pedigree(patches=[Patch(
            type=PatchClassification.BACKPORT, diff=Diff(url=XsUri(f"https://example.org/fix-{count}.patch")),
            resolves=[IssueType(type=IssueClassification.SECURITY, id=f"CVE-2020-{1000 + count}", name=word())])])
    if depth < 4:
        for _ in range(draw.choice([0, 0, 1, 2])):
            one.components.add(component(depth + 1))
    return one

versions = {"1.4": SchemaVersion.V1_4, "1.5": SchemaVersion.V1_5, "1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}
for number in range(10):
    bom = Bom()
    if draw.random() < 0.7:
        bom.metadata.component = component(4)
    tops = [component(0) for _ in range(draw.randrange(12))]
    bom.components.update(tops)
    for one in tops:
        bom.register_dependency(one, [draw.choice(tops)])
        bom.vulnerabilities.add(Vulnerability(
            id=f"CVE-2021-{draw.randrange(1000, 9999)}", affects=[BomTarget(ref=one.bom_ref.value)],
            analysis=VulnerabilityAnalysis(
                state=draw.choice(list(ImpactAnalysisState)),
                justification=draw.choice([None, ImpactAnalysisJustification.CODE_NOT_PRESENT]), detail=word())))
    for name, schema in versions.items():
        for kind, suffix in ((OutputFormat.JSON, "json"), (OutputFormat.XML, "xml")):
            text = make_outputter(bom, kind, schema).output_as_string(indent=draw.choice([None, 2]))
            if suffix == "xml":
                problem = XmlValidator(schema).validate_str(text)
                assert problem is None, problem
            with open(f"{folder}/{number}-{name}.{suffix}", "w", encoding="utf-8", newline="") as file:
                file.write(text)
