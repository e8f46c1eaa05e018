-- What runs again and again, and what it did.
CREATE TABLE job (
    name {text} PRIMARY KEY,
    -- An administrator may stop it.
    enabled BOOLEAN NOT NULL DEFAULT TRUE,
    -- When it is due.
    next_at BIGINT NOT NULL,
    -- The worker that runs it, for as long as the lease holds.
    worker {text},
    leased_until BIGINT,
    -- Grows with each lease: what a worker writes under an older number is refused.
    lease BIGINT NOT NULL DEFAULT 0,
    -- Failures since the last success.
    failures BIGINT NOT NULL DEFAULT 0,
    -- Where it goes on: JSON of the job's own.
    cursor {text}
);

CREATE TABLE job_run (
    id {id},
    job {text} NOT NULL REFERENCES job (name),
    worker {text} NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- 'running', 'done', 'stopped' (it goes on next time), 'failed', 'lost' (its worker went away)
    outcome {text} NOT NULL,
    -- JSON: what was counted.
    counts {text} NOT NULL DEFAULT '{}',
    error {text}
);
CREATE INDEX job_run_of_job ON job_run (job, id);

-- Numbers that are given in order, without gaps, inside the transaction that uses them.
CREATE TABLE counter (
    name {text} PRIMARY KEY,
    value BIGINT NOT NULL
);
