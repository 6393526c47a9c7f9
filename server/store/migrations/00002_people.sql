-- +goose Up
CREATE TABLE users (
    id      TEXT    NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL UNIQUE,
    hash    TEXT    NOT NULL, -- argon2id, PHC string
    admin   BOOLEAN NOT NULL,
    blocked BOOLEAN NOT NULL,
    created BIGINT  NOT NULL
);

CREATE TABLE rights (
    person  TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project TEXT    NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    level   INTEGER NOT NULL,
    PRIMARY KEY (person, project)
);
CREATE INDEX rights_project ON rights (project);

CREATE TABLE tokens (
    id      TEXT   NOT NULL PRIMARY KEY,
    person  TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name    TEXT   NOT NULL,
    hash    TEXT   NOT NULL UNIQUE, -- SHA-256 of the secret
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL
);
CREATE INDEX tokens_person ON tokens (person);

CREATE TABLE sessions (
    hash    TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value
    person  TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_expires ON sessions (expires);

-- The audit log refers to nothing, so that it outlives what it tells of.
CREATE TABLE events (
    seq     BIGINT NOT NULL PRIMARY KEY,
    time    BIGINT NOT NULL,
    person  TEXT   NOT NULL,
    project TEXT   NOT NULL,
    action  TEXT   NOT NULL,
    object  TEXT   NOT NULL,
    detail  TEXT   NOT NULL
);
CREATE INDEX events_project ON events (project, seq);

-- +goose Down
DROP TABLE events;
DROP TABLE sessions;
DROP TABLE tokens;
DROP TABLE rights;
DROP TABLE users;
