-- Types are those that SQLite and PostgreSQL both take. Times are milliseconds
-- since 1970 in UTC; 0 is never. seq orders rows as they came.

-- +goose Up
CREATE TABLE projects (
    id       TEXT   NOT NULL PRIMARY KEY,
    seq      BIGINT NOT NULL UNIQUE,
    name     TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    deployed TEXT   NOT NULL, -- models.id, or empty
    previous TEXT   NOT NULL, -- models.id, or empty
    settings TEXT   NOT NULL  -- JSON, or empty
);

CREATE TABLE pictures (
    id       TEXT    NOT NULL PRIMARY KEY,
    seq      BIGINT  NOT NULL UNIQUE,
    project  TEXT    NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name     TEXT    NOT NULL,
    sha256   TEXT    NOT NULL,
    bytes    BIGINT  NOT NULL,
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    role     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    held     BOOLEAN NOT NULL,
    truth    TEXT    NOT NULL, -- SHA-256, or empty
    added    BIGINT  NOT NULL,
    revision BIGINT  NOT NULL, -- of the current labels; 0: never labelled
    UNIQUE (project, name)
);
CREATE INDEX pictures_sha256 ON pictures (sha256);
CREATE INDEX pictures_truth ON pictures (truth);
CREATE INDEX pictures_order ON pictures (project, seq);

CREATE TABLE revisions (
    picture  TEXT    NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,
    revision BIGINT  NOT NULL,
    save_id  TEXT    NOT NULL,
    author   TEXT    NOT NULL,
    time     BIGINT  NOT NULL,
    normal   BOOLEAN NOT NULL,
    boxes    INTEGER NOT NULL,
    polygons INTEGER NOT NULL,
    pixels   BIGINT  NOT NULL,
    blocks   INTEGER NOT NULL,
    millis   TEXT    NOT NULL, -- JSON: milliseconds by tool
    sum      TEXT    NOT NULL, -- SHA-256 of data
    data     BYTEA   NOT NULL,
    PRIMARY KEY (picture, revision),
    UNIQUE (picture, save_id)
);

CREATE TABLE models (
    id           TEXT             NOT NULL PRIMARY KEY,
    seq          BIGINT           NOT NULL UNIQUE,
    project      TEXT             NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name         TEXT             NOT NULL,
    sha256       TEXT             NOT NULL,
    bytes        BIGINT           NOT NULL,
    supervision  TEXT             NOT NULL,
    created      BIGINT           NOT NULL,
    job          TEXT             NOT NULL, -- jobs.id, or empty
    metrics      TEXT             NOT NULL, -- JSON, or empty
    label_millis BIGINT           NOT NULL,
    threshold    DOUBLE PRECISION NOT NULL,
    note         TEXT             NOT NULL
);
CREATE INDEX models_sha256 ON models (sha256);
CREATE INDEX models_order ON models (project, seq);
CREATE UNIQUE INDEX models_job ON models (job) WHERE job <> '';

CREATE TABLE jobs (
    id       TEXT   NOT NULL PRIMARY KEY,
    seq      BIGINT NOT NULL UNIQUE,
    project  TEXT   NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    state    TEXT   NOT NULL,
    request  TEXT   NOT NULL, -- JSON
    progress TEXT   NOT NULL, -- JSON
    error    TEXT   NOT NULL,
    author   TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    started  BIGINT NOT NULL,
    ended    BIGINT NOT NULL,
    model    TEXT   NOT NULL -- models.id, or empty
);
CREATE INDEX jobs_order ON jobs (project, seq);
CREATE INDEX jobs_state ON jobs (state, seq);

-- Blobs that no row names, and since when that is known.
CREATE TABLE orphans (
    sha256 TEXT   NOT NULL PRIMARY KEY,
    since  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE orphans;
DROP TABLE jobs;
DROP TABLE models;
DROP TABLE revisions;
DROP TABLE pictures;
DROP TABLE projects;
