-- Has stored artifacts of some names stay until the transaction ends, about to be deleted or not; answers the names that none has.
with stored as materialized (
  select id, sha256 from artifact where sha256 = any (:sha256s::text[]) and complete_at is not null
  order by sha256 for no key update
), revived as (
  update artifact set dying_at = null from stored where artifact.id = stored.id and artifact.dying_at is not null
)
select wanted.sha256 from unnest(:sha256s::text[]) as wanted(sha256)
where not exists (select from stored where stored.sha256 = wanted.sha256);
