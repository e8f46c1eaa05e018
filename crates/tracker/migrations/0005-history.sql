-- Who changed what, when. Nothing is ever changed or removed here.
CREATE TABLE history (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    -- An account, or null for the service itself.
    actor BIGINT,
    -- 'suggestion', 'advisory', 'package', ...
    subject_kind {text} NOT NULL,
    subject BIGINT NOT NULL,
    action {text} NOT NULL,
    -- SHA-256 of the content's salt and text.
    content {bytes} NOT NULL,
    -- The hash of the entry before, and of this one.
    previous {bytes} NOT NULL,
    hash {bytes} NOT NULL
);
CREATE INDEX history_of_subject ON history (subject_kind, subject, number);
CREATE INDEX history_of_actor ON history (actor, number);

-- Before and after, as JSON. It may be erased; the chain holds its hash only.
CREATE TABLE history_content (
    number BIGINT PRIMARY KEY REFERENCES history (number),
    salt {bytes},
    body {text},
    erased_at BIGINT,
    erased_by BIGINT
);
