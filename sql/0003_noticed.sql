-- What a process has noticed of its connections since it started, for photoboothctl check.
ALTER TABLE daemon_process ADD COLUMN forwarded_by text;   -- sends X-Forwarded-For, is not trusted
ALTER TABLE daemon_process ADD COLUMN plain_from text;     -- sent a password without TLS
