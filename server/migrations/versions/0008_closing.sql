-- What is billed by use has come to in a period: each at the price of the plan it was given under, so that a change of plan
-- neither forgets nor doubles anything of the spending cap. And when the period ends: of two that begin on the last day of
-- a month, one may be shorter.
ALTER TABLE quota_period ADD COLUMN minor_used bigint NOT NULL DEFAULT 0 CHECK (minor_used >= 0),
    ADD COLUMN period_end timestamptz;

-- Their successors have more parameters (functions/).
DROP FUNCTION IF EXISTS reserve_answer(uuid, uuid, text, timestamptz, bigint, bigint, bigint, interval);
DROP FUNCTION IF EXISTS settle_answer(uuid, uuid, timestamptz, text, bigint, bigint, boolean);

-- A batch that became too old for the meter before it could be reported is never sent again.
ALTER TABLE meter_batch ADD COLUMN lost_at timestamptz;

-- At which usage a merchant wants to be notified; without a row the defaults apply (billing.alerts.Alerts).
CREATE TABLE billing_alert (
    shop_id     uuid PRIMARY KEY REFERENCES shop (id) ON DELETE CASCADE,
    at_percents smallint[] NOT NULL,
    spent_minor bigint CHECK (spent_minor > 0)
);

-- Closed periods: what each came to when it was closed, and whether log, ledger, meter and invoice agreed. Rows are added,
-- never changed.
CREATE TABLE billing_statement (
    shop_id      uuid NOT NULL REFERENCES shop (id) ON DELETE CASCADE,
    period_start timestamptz NOT NULL,
    period_end   timestamptz NOT NULL,
    closed_at    timestamptz NOT NULL DEFAULT now(),
    statement    jsonb NOT NULL,                  -- server.billing.closing.models.Statement
    PRIMARY KEY (shop_id, period_start)
);
