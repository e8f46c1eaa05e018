CREATE TABLE advisory (
    id {id},
    -- 'NIXPKGS-2026-0001'
    code {text} NOT NULL UNIQUE,
    -- 'draft', 'published', 'withdrawn'
    state {text} NOT NULL,
    title {text} NOT NULL,
    -- Markdown.
    body {text} NOT NULL DEFAULT '',
    level BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- A draft that publishes itself then.
    publish_at BIGINT,
    published_at BIGINT,
    withdrawn_at BIGINT,
    -- The number of the newest revision that was published; 0 before.
    revision BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX advisory_by_publication ON advisory (state, published_at, id);

CREATE TABLE advisory_cve (
    advisory BIGINT NOT NULL REFERENCES advisory (id),
    cve {text} NOT NULL,
    PRIMARY KEY (advisory, cve)
);
CREATE INDEX advisory_of_cve ON advisory_cve (cve);

-- The packages that it concerns, and which versions are affected.
CREATE TABLE advisory_package (
    advisory BIGINT NOT NULL REFERENCES advisory (id),
    package BIGINT NOT NULL REFERENCES package (id),
    -- JSON: a list of {introduced, fixed, lastAffected}
    ranges {text} NOT NULL,
    PRIMARY KEY (advisory, package)
);
CREATE INDEX advisory_of_package ON advisory_package (package);

-- The status in each channel: computed with each evaluation, or a person's word.
CREATE TABLE advisory_status (
    advisory BIGINT NOT NULL REFERENCES advisory (id),
    package BIGINT NOT NULL REFERENCES package (id),
    channel BIGINT NOT NULL REFERENCES channel (id),
    computed {text} NOT NULL,
    computed_why {text} NOT NULL,
    stated {text},
    -- VEX's reason for "not affected".
    justification {text},
    stated_why {text},
    stated_by BIGINT REFERENCES account (id),
    PRIMARY KEY (advisory, package, channel)
);

-- When the status changed: the picture of time, and the statistics.
CREATE TABLE advisory_status_change (
    id {id},
    advisory BIGINT NOT NULL,
    package BIGINT NOT NULL,
    channel BIGINT NOT NULL,
    at BIGINT NOT NULL,
    status {text} NOT NULL
);
CREATE INDEX advisory_status_change_of ON advisory_status_change (advisory, package, channel, id);

CREATE TABLE advisory_revision (
    advisory BIGINT NOT NULL REFERENCES advisory (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    account BIGINT REFERENCES account (id),
    summary {text} NOT NULL,
    -- JSON: all that was published.
    content {text} NOT NULL,
    PRIMARY KEY (advisory, number)
);

-- Fix commits, pull requests, issues, references.
CREATE TABLE advisory_link (
    advisory BIGINT NOT NULL REFERENCES advisory (id),
    kind {text} NOT NULL,
    url {text} NOT NULL,
    PRIMARY KEY (advisory, kind, url)
);
