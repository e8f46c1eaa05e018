-- What the matcher says of a package and a CVE, over all channels.
CREATE TABLE finding (
    package BIGINT NOT NULL REFERENCES package (id),
    cve {text} NOT NULL,
    -- The worst of all supported channels: 'affected', 'unknown', 'fixed', 'not_affected'
    status {text} NOT NULL,
    -- 0 low to 2 high
    confidence BIGINT NOT NULL,
    -- JSON, compressed (zstd): versions, status and evidence per channel.
    details {bytes} NOT NULL,
    PRIMARY KEY (package, cve)
);
CREATE INDEX finding_of_cve ON finding (cve);

-- One package and the CVEs that are decided together.
CREATE TABLE suggestion (
    id {id},
    package BIGINT NOT NULL REFERENCES package (id),
    -- 'open', 'accepted', 'dismissed', 'closed-by-rule'
    state {text} NOT NULL,
    -- Why it was dismissed.
    reason {text},
    note {text},
    rule BIGINT,
    assignee BIGINT REFERENCES account (id),
    advisory BIGINT,
    -- What CVEs have in common to be decided together.
    together {text} NOT NULL,
    -- Of its worst CVE, so that the queue needs no join.
    level BIGINT,
    score DOUBLE PRECISION,
    epss DOUBLE PRECISION,
    exploited BOOLEAN NOT NULL DEFAULT FALSE,
    confidence BIGINT NOT NULL,
    -- The order of the queue: higher first.
    risk DOUBLE PRECISION NOT NULL,
    -- Whether the matcher still says so.
    agrees BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by BIGINT REFERENCES account (id),
    -- Counts up with each change: who decides on an older one is told.
    version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX suggestion_queue ON suggestion (state, risk DESC, id);
CREATE INDEX suggestion_of_rule ON suggestion (rule);
CREATE INDEX suggestion_of_package ON suggestion (package, state);
CREATE INDEX suggestion_of_assignee ON suggestion (assignee, state);

CREATE TABLE suggestion_cve (
    package BIGINT NOT NULL,
    cve {text} NOT NULL,
    suggestion BIGINT NOT NULL REFERENCES suggestion (id),
    PRIMARY KEY (package, cve)
);
CREATE INDEX suggestion_cve_of_suggestion ON suggestion_cve (suggestion);
CREATE INDEX suggestion_cve_of_cve ON suggestion_cve (cve);

-- What a person added to a suggestion or took out of it: packages, maintainers, references.
CREATE TABLE suggestion_edit (
    suggestion BIGINT NOT NULL REFERENCES suggestion (id),
    -- 'package', 'maintainer', 'reference'
    kind {text} NOT NULL,
    value {text} NOT NULL,
    -- 'added' or 'ignored'
    action {text} NOT NULL,
    reason {text},
    PRIMARY KEY (suggestion, kind, value)
);

CREATE TABLE comment (
    id {id},
    subject_kind {text} NOT NULL,
    subject BIGINT NOT NULL,
    account BIGINT REFERENCES account (id),
    at BIGINT NOT NULL,
    body {text} NOT NULL,
    erased_at BIGINT
);
CREATE INDEX comment_on ON comment (subject_kind, subject, id);

CREATE TABLE saved_view (
    id {id},
    account BIGINT NOT NULL REFERENCES account (id),
    name {text} NOT NULL,
    query {text} NOT NULL,
    shared BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (account, name)
);

-- What closes suggestions without a person looking at each.
CREATE TABLE closing_rule (
    id {id},
    name {text} NOT NULL,
    query {text} NOT NULL,
    reason {text} NOT NULL,
    created_by BIGINT REFERENCES account (id),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

-- Curated: "never this package for this product", "this product is that package".
CREATE TABLE knowledge (
    id {id},
    -- 'never' or 'same'
    kind {text} NOT NULL,
    vendor {text},
    product {text} NOT NULL,
    package BIGINT NOT NULL REFERENCES package (id),
    note {text},
    created_by BIGINT REFERENCES account (id),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
