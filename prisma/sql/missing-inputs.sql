-- Inputs of a stage run that have no artifact, although what they come of has ended.
select name, source::text as "stageRunId", variant from inputs_of(:stageRunId::uuid, :roles::jsonb) where sha256 is null;
