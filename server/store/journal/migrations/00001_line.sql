-- Times are milliseconds since 1970 in UTC. seq orders rows as they came.

-- +goose Up
CREATE TABLE verdicts (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    time     BIGINT  NOT NULL,
    source   TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    word     TEXT    NOT NULL, -- normal, defect or error
    score    DOUBLE PRECISION, -- null where there is none
    judged   TEXT    NOT NULL, -- what a person said it is, or empty
    bytes    BIGINT  NOT NULL, -- on the disk, of all that belongs to it
    verdict  TEXT    NOT NULL, -- JSON, without blocks
    blocks   BLOB,             -- float32, little-endian, [rows, cols]
    thumb    BLOB,             -- JPEG
    picture  TEXT    NOT NULL  -- file in the folder pictures, or empty
);
CREATE INDEX verdicts_time ON verdicts (time);
CREATE INDEX verdicts_source ON verdicts (source, time);

CREATE TABLE marks (
    source TEXT NOT NULL,
    mark   TEXT NOT NULL,
    PRIMARY KEY (source, mark)
) WITHOUT ROWID;

-- What a sink has still to be told.
CREATE TABLE waiting (
    sink TEXT    NOT NULL,
    seq  INTEGER NOT NULL REFERENCES verdicts (seq) ON DELETE CASCADE,
    PRIMARY KEY (sink, seq)
) WITHOUT ROWID;
CREATE INDEX waiting_seq ON waiting (seq);

-- Sources and sinks as they were described, and how many verdicts a sink lost.
CREATE TABLE ends (
    kind   TEXT    NOT NULL, -- source or sink
    name   TEXT    NOT NULL,
    spec   TEXT    NOT NULL, -- JSON
    lost   BIGINT  NOT NULL,
    PRIMARY KEY (kind, name)
);

-- +goose Down
DROP TABLE ends;
DROP TABLE waiting;
DROP TABLE marks;
DROP TABLE verdicts;
