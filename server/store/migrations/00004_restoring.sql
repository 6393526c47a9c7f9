-- +goose Up
-- A project that is being restored comes in in parts; nobody sees it before it is whole.
ALTER TABLE projects ADD COLUMN restoring BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
DELETE FROM projects WHERE restoring;
ALTER TABLE projects DROP COLUMN restoring;
