-- What a booth's form asks its guests, and prompts may use.
ALTER TABLE slot ADD COLUMN guest_fields jsonb NOT NULL DEFAULT '[]';
ALTER TABLE slot_revision
    DROP CONSTRAINT slot_revision_action_check,
    ADD CONSTRAINT slot_revision_action CHECK (
        action IN ('seed', 'update', 'reset', 'restore', 'copy')
    );
UPDATE slot_revision SET config = config || '{"guest_fields": []}' WHERE NOT config ? 'guest_fields';
