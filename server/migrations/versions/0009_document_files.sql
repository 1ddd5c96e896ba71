-- Which file a document came from: 16 bytes of the file as it was sent and of how it is read, and how many documents it
-- gave. A file all of whose documents are still there is not read again. Both are null for what came another way.
ALTER TABLE document ADD COLUMN file_hash bytea, ADD COLUMN file_documents integer;
CREATE INDEX document_file ON document (shop_id, file_hash) WHERE file_hash IS NOT NULL;
