CREATE TABLE account (
    id {id},
    -- GitHub's number for the person: names change.
    github_id BIGINT UNIQUE,
    github_login {text},
    -- The name of a local account, in lower case.
    local_name {text} UNIQUE,
    display_name {text},
    email {text},
    email_confirmed_at BIGINT,
    -- Argon2id, as a PHC string.
    password {text},
    totp_secret {bytes},
    -- Whether a code of it was seen: only then it is asked for.
    totp_confirmed BOOLEAN NOT NULL DEFAULT FALSE,
    -- The last time step that was used: each code counts once.
    totp_used BIGINT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX account_by_login ON account (github_login);

-- 'admin', 'security-team', 'committer'. Maintainers are known by the package sets.
CREATE TABLE role_grant (
    account BIGINT NOT NULL REFERENCES account (id),
    role {text} NOT NULL,
    -- 'admin' (a person gave it) or 'github' (a team's membership)
    origin {text} NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (account, role, origin)
);

-- Members of teams on GitHub that give a role, signed in or not.
CREATE TABLE github_member (
    github_id BIGINT NOT NULL,
    role {text} NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (github_id, role)
);

CREATE TABLE session (
    -- SHA-256 of the cookie.
    hash {bytes} PRIMARY KEY,
    -- What people see of it, and name when they end it.
    number BIGINT NOT NULL,
    account BIGINT NOT NULL REFERENCES account (id),
    -- Whether the second factor was given, where there is one.
    complete BOOLEAN NOT NULL,
    -- The browser, as it calls itself.
    agent {text} NOT NULL,
    -- When its owner signed in; a new cookie keeps it.
    begun_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_of_account ON session (account);
CREATE INDEX session_by_expiry ON session (expires_at);

CREATE TABLE token (
    id {id},
    hash {bytes} NOT NULL UNIQUE,
    account BIGINT NOT NULL REFERENCES account (id),
    name {text} NOT NULL,
    -- Separated by spaces.
    scopes {text} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX token_of_account ON token (account);

-- GitHub's deliveries that were seen: each counts once.
CREATE TABLE delivery (
    id {text} PRIMARY KEY,
    received_at BIGINT NOT NULL
);
CREATE INDEX delivery_by_time ON delivery (received_at);
