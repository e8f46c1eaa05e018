# What is affected in one report of `snowguard scan --format json` and was not in an older one, a
# line each, the most urgent first. A package that was updated and is still affected is not new.
def affected:
  .packages as $packages
  | [.findings[]? | select(.status == "affected" and .suppression == null)]
  | map({ key: ($packages[.package].pname + " " + .cve), finding: ., package: $packages[.package] });

($known[0] | affected | map({ (.key): true }) | add // {}) as $old
| (.vulnerabilities | map({ (.id): . }) | add // {}) as $vulnerabilities
| affected[]
| select($old[.key] | not)
| $vulnerabilities[.finding.cve] as $vulnerability
| [
    ($vulnerability.severity.level // "unrated" | ascii_upcase),
    .finding.cve,
    (if $vulnerability.knownExploited then "EXPLOITED" else empty end),
    "\(.package.pname) \(.package.version):",
    .finding.action,
    ($vulnerability.summary // "")
  ]
| join(" ")
# Records are written by anybody.
| gsub("\\p{C}"; " ")
