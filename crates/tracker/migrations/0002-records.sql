-- What sources say of vulnerabilities, as received.
CREATE TABLE record (
    cve {text} NOT NULL,
    -- 'cve', 'nvd', 'kev' or 'eu-kev'
    source {text} NOT NULL,
    -- SHA-256 of the JSON.
    hash {bytes} NOT NULL,
    -- The number of the change that brought it (counter 'record'): copies of records follow it.
    change BIGINT NOT NULL,
    -- The JSON, compressed (zstd); empty once a catalogue has it no more. Last, as it is long.
    body {bytes} NOT NULL,
    PRIMARY KEY (cve, source)
);
-- Holds all but the bodies, so that comparing all records reads none of them.
CREATE INDEX record_by_change ON record (change, cve, source, hash);

-- What lists and pages show of a CVE without reading its records.
CREATE TABLE cve (
    id {text} PRIMARY KEY,
    year BIGINT NOT NULL,
    number BIGINT NOT NULL,
    -- 'published', 'rejected', 'other'
    state {text} NOT NULL,
    title {text} NOT NULL,
    assigner {text},
    published_at BIGINT,
    updated_at BIGINT,
    -- 0 none to 4 critical
    level BIGINT,
    score DOUBLE PRECISION,
    vector {text},
    -- Separated by spaces.
    cwes {text} NOT NULL DEFAULT '',
    -- CISA's catalogue: days as YYYY-MM-DD.
    exploited_since {text},
    exploited_due {text},
    ransomware BOOLEAN NOT NULL DEFAULT FALSE,
    -- The EU's catalogue.
    eu_exploited_since {text},
    epss DOUBLE PRECISION,
    epss_percentile DOUBLE PRECISION,
    -- SSVC of CISA's container.
    ssvc_exploitation {text},
    ssvc_automatable {text},
    ssvc_impact {text},
    -- As in record: pages and the search index follow it.
    change BIGINT NOT NULL
);
CREATE INDEX cve_by_number ON cve (year, number);
CREATE INDEX cve_by_publication ON cve (published_at, id);
CREATE INDEX cve_by_change ON cve (change);

-- What changed in a record, field by field. EPSS scores are not here: all of them move daily.
CREATE TABLE record_change (
    id {id},
    cve {text} NOT NULL,
    source {text} NOT NULL,
    -- As in record.
    change BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    -- Only dates and the like: nobody is notified.
    quiet BOOLEAN NOT NULL,
    -- Where in the record: 'containers.cna.affected', 'state', 'known-exploited', ...
    field {text} NOT NULL,
    -- JSON, compressed (zstd); null where there was or is nothing.
    before {bytes},
    after {bytes}
);
CREATE INDEX record_change_of_cve ON record_change (cve, id);
CREATE INDEX record_change_by_change ON record_change (change, id);
