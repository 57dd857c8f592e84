-- Links that show the live board to a screen where nobody logs in.
CREATE TABLE board (
    board_id          uuid PRIMARY KEY,
    label             text NOT NULL,
    slot_ids          text[] NOT NULL,         -- empty: all
    token_digest      bytea NOT NULL UNIQUE,   -- the link itself is nowhere
    created_at        timestamptz NOT NULL,
    created_by        text NOT NULL
);
