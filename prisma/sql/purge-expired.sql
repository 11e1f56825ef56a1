-- Drops rows that served their time: announcements sent, answers to repeated POSTs, links and sessions that ended, and
-- checkpoints that no later stage run of their key went on from within a week.
with sent as (delete from outbox where sent_at < now() - interval '1 day' returning 1),
  keys as (delete from idempotency_key where created_at < now() - interval '7 days' returning 1),
  links as (delete from login_link where expires_at < now() - interval '1 day' returning 1),
  sessions as (delete from session where expires_at < now() returning 1),
  left_behind as (
    delete from checkpoint using stage_run r
    where r.id = checkpoint.stage_run_id and r.state in ('failed', 'cancelled') and r.finished_at < now() - interval '7 days'
      and not checkpoint.pinned
    returning 1)
select ((select count(*) from sent) + (select count(*) from keys) + (select count(*) from links)
  + (select count(*) from sessions) + (select count(*) from left_behind))::int as rows;
