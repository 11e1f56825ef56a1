-- These announcements are in Redis.
update outbox set sent_at = now() where id = any (:outboxIds::bigint[]) and claimed_at is not null;
