-- What a worker does on its own schedule, over all shops.

-- How the words of a shop's passages were stemmed; after a change of the shop's language they are stemmed again.
-- A shop's first passages note it, before anybody has counted them.
ALTER TABLE passage_statistics ADD COLUMN language text, ALTER COLUMN passages DROP NOT NULL;
UPDATE passage_statistics SET language = passage_language(shop.locale) FROM shop WHERE shop.id = shop_id;
CREATE INDEX proof_expiry ON proof (expires_at);
CREATE INDEX one_time_code_expiry ON one_time_code (expires_at);
CREATE INDEX attempt_window ON attempt (window_start);

-- Signing out ends every session of the merchant that began before.
ALTER TABLE merchant ADD COLUMN signed_out_at timestamptz;

-- Work somebody is waiting for at this moment (a code by mail) goes before imports, of whatever shop.
ALTER TABLE outbox ADD COLUMN urgent boolean NOT NULL DEFAULT false;
