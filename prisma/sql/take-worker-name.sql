-- Whoever had the name before is gone, and did not leave: its last beat stays before its end, however close they are.
-- Answers since when its name is trusted, unless it was drained: a restart ends that.
update worker set state = 'gone', left_at = now(), last_beat_at = least(last_beat_at, now() - interval '1 millisecond')
where name = :name and state <> 'gone'
returning case when drained_at is null then trusted_since end as "trustedSince",
  quarantined_until::text as "quarantinedUntil", quarantine_reason as "quarantineReason", quarantines;
