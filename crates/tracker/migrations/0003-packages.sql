-- Channels, and the branches behind them.
CREATE TABLE channel (
    id {id},
    -- 'nixos-unstable', 'nixos-26.05', or a branch such as 'master'
    name {text} NOT NULL UNIQUE,
    -- 'channel' or 'branch'
    kind {text} NOT NULL,
    -- The branch whose commits the channel takes.
    behind BIGINT REFERENCES channel (id),
    -- 'rolling', 'beta', 'stable', 'deprecated', 'unmaintained'
    state {text} NOT NULL,
    -- 'primary', 'small', 'darwin', ...
    variant {text},
    -- Where it stands in lists.
    position BIGINT NOT NULL,
    -- The newest evaluation.
    evaluation BIGINT
);

-- One look at a head.
CREATE TABLE evaluation (
    id {id},
    channel BIGINT NOT NULL REFERENCES channel (id),
    -- Counts up within the channel, from 1.
    number BIGINT NOT NULL,
    revision {text} NOT NULL,
    -- 'packages.json' or 'full'
    kind {text} NOT NULL,
    -- When the head came to be, as far as it is known, else when it was seen.
    head_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    attributes BIGINT NOT NULL DEFAULT 0,
    errors BIGINT NOT NULL DEFAULT 0,
    UNIQUE (channel, number),
    UNIQUE (channel, revision, kind)
);

-- One software, over its attribute paths and branches. Decisions hang on it.
CREATE TABLE package (
    id {id},
    -- How it is shown and addressed: 'openssl', 'python:requests'.
    name {text} NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    -- It turned out to be this one.
    merged_into BIGINT REFERENCES package (id),
    -- What is shown of it, from the rolling head where it is there.
    description {text},
    homepage {text}
);

-- Which software an attribute stands for. A merge or split moves keys; facts stay as they are.
CREATE TABLE package_key (
    id {id},
    key {text} NOT NULL UNIQUE,
    package BIGINT NOT NULL REFERENCES package (id),
    -- 'derived' or 'curated': a person's word stays.
    origin {text} NOT NULL
);
CREATE INDEX package_key_of_package ON package_key (package);

CREATE TABLE attribute (
    id {id},
    path {text} NOT NULL UNIQUE
);

-- meta without what changes with each version: JSON, compressed (zstd).
CREATE TABLE meta (
    id {id},
    -- SHA-256, the first half.
    hash {bytes} NOT NULL UNIQUE,
    body {bytes} NOT NULL
);

-- What is known of one version of a derivation.
CREATE TABLE fact (
    id {id},
    -- SHA-256, the first half.
    hash {bytes} NOT NULL UNIQUE,
    key BIGINT NOT NULL REFERENCES package_key (id),
    meta BIGINT NOT NULL REFERENCES meta (id),
    name {text} NOT NULL,
    -- Null where it is the name's first part; the version too.
    pname {text},
    version {text},
    -- Separated by newlines.
    patches {text} NOT NULL DEFAULT ''
);
CREATE INDEX fact_of_key ON fact (key);

-- From which evaluation to which an attribute was this.
CREATE TABLE holding (
    channel BIGINT NOT NULL,
    attribute BIGINT NOT NULL,
    system BIGINT NOT NULL,
    -- Numbers of evaluations of the channel; the last is null while it holds.
    first BIGINT NOT NULL,
    last BIGINT,
    fact BIGINT NOT NULL,
    PRIMARY KEY (channel, attribute, system, first)
) {keyed};
CREATE INDEX holding_of_fact ON holding (fact);

-- What the newest evaluation of a channel gives: one row for each holding that has no last. Whoever
-- wants the present reads this, whose size does not grow with the history.
CREATE TABLE build (
    channel BIGINT NOT NULL,
    attribute BIGINT NOT NULL,
    system BIGINT NOT NULL,
    -- Of the holding.
    first BIGINT NOT NULL,
    fact BIGINT NOT NULL,
    package BIGINT NOT NULL,
    -- In the rolling head only.
    maintainers BIGINT,
    -- The hash part of the path, where the rest is the derivation's name; else the path.
    derivation {text},
    -- 'OUTPUT=PATH' separated by newlines, paths as above.
    outputs {text},
    PRIMARY KEY (channel, attribute, system)
) {keyed};
CREATE INDEX build_of_package ON build (package);

-- Attributes that cannot be evaluated.
CREATE TABLE evaluation_error (
    channel BIGINT NOT NULL,
    attribute BIGINT NOT NULL,
    system BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT,
    error {text} NOT NULL,
    PRIMARY KEY (channel, attribute, system, first)
);
CREATE INDEX evaluation_error_present ON evaluation_error (channel, system, attribute)
    WHERE last IS NULL;

-- 'x86_64-linux', ...
CREATE TABLE system (
    id {id},
    name {text} NOT NULL UNIQUE
);

-- People and teams that maintain packages, as the rolling head names them.
CREATE TABLE maintainer (
    id {id},
    -- 'github:123' where the number is known, else by e-mail or name.
    identity {text} UNIQUE,
    github_id BIGINT UNIQUE,
    github {text},
    name {text},
    email {text}
);
CREATE TABLE team (
    id {id},
    short_name {text} NOT NULL UNIQUE,
    github {text},
    github_id BIGINT
);
CREATE TABLE team_member (
    team BIGINT NOT NULL REFERENCES team (id),
    maintainer BIGINT NOT NULL REFERENCES maintainer (id),
    PRIMARY KEY (team, maintainer)
);
CREATE TABLE package_maintainer (
    package BIGINT NOT NULL REFERENCES package (id),
    maintainer BIGINT NOT NULL REFERENCES maintainer (id),
    PRIMARY KEY (package, maintainer)
);
CREATE INDEX package_of_maintainer ON package_maintainer (maintainer);
CREATE TABLE package_team (
    package BIGINT NOT NULL REFERENCES package (id),
    team BIGINT NOT NULL REFERENCES team (id),
    PRIMARY KEY (package, team)
);
CREATE INDEX package_of_team ON package_team (team);

-- The maintainers and teams that an attribute names, each list once: JSON.
CREATE TABLE maintainer_list (
    id {id},
    hash {bytes} NOT NULL UNIQUE,
    body {text} NOT NULL
);
