-- These announcements are in Redis.
-- $1 outbox rows
update outbox set sent_at = now() where id = any ($1::bigint[]) and claimed_at is not null;
