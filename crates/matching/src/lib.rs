//! Pure functions from packages, vulnerabilities and curated knowledge to findings with evidence.
