-- Whether a team imported an artifact, or needs (or needed) a stage run that made it.
select exists (
  select from artifact_import where sha256 = :sha256 and team_id = :teamId::uuid
) or exists (
  select from stage_run_artifact a
  join need n on n.stage_run_id = a.stage_run_id
  join trial t on t.id = n.trial_id
  join experiment e on e.id = t.experiment_id
  where a.sha256 = :sha256 and e.team_id = :teamId::uuid
) as readable;
