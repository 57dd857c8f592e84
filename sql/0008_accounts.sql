-- Accounts that administrators make, switch off, and give a password for one login.
ALTER TABLE admin
    ADD COLUMN disabled boolean NOT NULL DEFAULT false,
    ADD COLUMN last_login_at timestamptz,
    ADD COLUMN one_time_until timestamptz,     -- the password is for one login, until then
    ADD COLUMN one_time_used boolean NOT NULL DEFAULT false;

UPDATE admin SET permissions = permissions || '{admins:write}'
 WHERE username IN ('serg', 'igor') AND NOT permissions @> '{admins:write}';

-- No account's name passes for another actor of the audit log.
ALTER TABLE admin DROP CONSTRAINT admin_username;
ALTER TABLE admin ADD CONSTRAINT admin_username CHECK (
    username ~ '^[a-z][a-z0-9_-]{1,31}$'
    AND username NOT IN ('camera', 'guest', 'quickstart', 'unauthenticated')
) NOT VALID;
