-- Recipes that administrators made of their slots; the shipped ones are a file of the program.
CREATE TABLE preset (
    preset_id         uuid PRIMARY KEY,
    title             jsonb NOT NULL,
    provider          text NOT NULL,
    operation         text NOT NULL,
    params            jsonb NOT NULL,
    output            jsonb NOT NULL,
    after_jpeg        bytea,                   -- the preview of a picture that the recipe made
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL
);
CREATE INDEX preset_newest ON preset (created_at DESC, preset_id DESC);
