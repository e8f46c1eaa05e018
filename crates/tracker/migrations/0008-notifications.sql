CREATE TABLE subscription (
    account BIGINT NOT NULL REFERENCES account (id),
    package BIGINT NOT NULL REFERENCES package (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, package)
);
CREATE INDEX subscription_to_package ON subscription (package);

CREATE TABLE notification (
    id {id},
    account BIGINT NOT NULL REFERENCES account (id),
    at BIGINT NOT NULL,
    kind {text} NOT NULL,
    subject_kind {text} NOT NULL,
    subject BIGINT NOT NULL,
    text {text} NOT NULL,
    read_at BIGINT,
    sent_at BIGINT
);
CREATE INDEX notification_of_account ON notification (account, id);
