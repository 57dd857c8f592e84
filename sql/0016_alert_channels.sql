-- Ways to tell people of alerts that an administrator set up in the browser: sealed as keys are.
CREATE TABLE alert_channel (
    channel           text PRIMARY KEY,        -- telegram, email, webhook
    sealed            bytea NOT NULL,
    updated_at        timestamptz NOT NULL,
    updated_by        text NOT NULL
);
