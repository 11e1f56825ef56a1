-- An experiment with the first revision of its spec, and its model's size beside the hash of its definition, where it is the first.
-- :spec as it was sent  :parsed with its defaults
with known as (
  insert into model (definition_hash, name, relu_count, params, macs)
  values (:definitionHash, :model, :reluCount::int, :params::bigint, :macs::bigint)
  on conflict do nothing
), made as (
  insert into experiment (id, team_id, owner, name, priority, pool, resources, dataset_version, model, definition_hash, recipe, granularity,
    precision)
  values (:experimentId::uuid, :teamId::uuid, :owner, :name, :priority::smallint, :pool, :resources::jsonb, :datasetVersion, :model, :definitionHash, :recipe,
    :granularity, :precision)
  returning id, created_at
), written as (
  insert into spec_revision (experiment_id, number, spec, parsed) select id, 1, :spec::jsonb, :parsed::jsonb from made
)
select created_at as "createdAt" from made;
