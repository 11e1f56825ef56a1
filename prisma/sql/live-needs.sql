-- Whether any trial waits for a stage run.
-- $1 stage run
select trial_id::text as id from need where stage_run_id = $1::uuid and released_at is null limit 1;
