-- Passwords that an address guesses are tested one after the other, ever more slowly, by all
-- processes together: when the next one may be.
ALTER TABLE attempt_counter ADD COLUMN next_at timestamptz;

-- No account's name passes for another actor of the audit log, such as cli:root.
ALTER TABLE admin ADD CONSTRAINT admin_username CHECK (
    username ~ '^[a-z][a-z0-9_-]{1,31}$'
    AND username NOT IN ('camera', 'quickstart', 'unauthenticated')
) NOT VALID;
