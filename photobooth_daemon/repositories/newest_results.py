"""The newest pictures of each slot, as SQL that lists and boards share."""

from __future__ import annotations

PICTURES_OF_SLOT = 13
"""The newest large, and a dozen below it."""

# The newest of each source come from the index; what is hidden, removed or over among them is left
# out afterwards, so that a slot with a million expired results takes no longer than another.
NEWEST_RESULTS = f"""
    SELECT job_id, started_at, result_expires_at
      FROM (SELECT one.*
              FROM unnest('{{ingest,rerun}}'::text[]) AS wanted
             CROSS JOIN LATERAL (
                   SELECT job_id, started_at, result_expires_at, result_removed_at, hidden
                     FROM job_history
                    WHERE slot_id = slot.slot_id AND status = 'done' AND source = wanted
                    ORDER BY started_at DESC, job_id DESC
                    LIMIT {4 * PICTURES_OF_SLOT}) AS one) AS newest
     WHERE result_expires_at > $1 AND result_removed_at IS NULL AND NOT hidden
     ORDER BY started_at DESC, job_id DESC
     LIMIT {PICTURES_OF_SLOT}
"""  # noqa: S608
"""A subquery of ``slot``; ``$1`` is now."""
