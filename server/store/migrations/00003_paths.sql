-- +goose Up
-- With the folders that a picture came in: what tells pictures of one name apart.
ALTER TABLE pictures ADD COLUMN path TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE pictures DROP COLUMN path;
