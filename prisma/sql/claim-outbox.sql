-- Takes the oldest unsent announcements for one relay; one whose relay fell silent is free again after 10 s, and at once for
-- the relay of the same name, which claimed it before it was killed: a living one asks when it has sent all of its own.
with due as (
  select o.id from outbox o
  where o.sent_at is null and (o.claimed_at is null or o.claimed_by = :holder or o.claimed_at < now() - interval '10 seconds')
  order by o.id limit :limit::int
  for update skip locked
), mine as (
  update outbox set claimed_by = :holder, claimed_at = now() from due where outbox.id = due.id
  returning outbox.id, outbox.attempt_id
)
select mine.id as "outboxId", a.id::text as "attemptId", a.number, r.id::text as "stageRunId", r.kind, r.pool
from mine join attempt a on a.id = mine.attempt_id join stage_run r on r.id = a.stage_run_id
order by mine.id;
