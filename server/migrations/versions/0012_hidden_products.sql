-- A hidden product stays in the catalog, through every further import, and has no passages: no search finds it.
ALTER TABLE product ADD COLUMN hidden boolean NOT NULL DEFAULT false;
