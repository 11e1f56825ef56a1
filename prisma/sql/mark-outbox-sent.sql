-- These announcements are in Redis. Waits for no disk: one that a crash of Postgres forgets is sent again, which is harmless.
update outbox set sent_at = now()
where id = any (:outboxIds::bigint[]) and claimed_at is not null
  and set_config('synchronous_commit', 'off', true) = 'off';
