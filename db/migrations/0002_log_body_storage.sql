-- Why: log bodies are zstd already; Postgres would try to compress each of them again on every insert.
-- Safe: changes the catalogue only; rows already stored stay as they are.
-- Undo: set storage extended.
ALTER TABLE "log_chunks" ALTER COLUMN "body" SET STORAGE EXTERNAL;
