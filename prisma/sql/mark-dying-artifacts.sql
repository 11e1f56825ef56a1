-- What lies outside Postgres and is garbage is dying from now on; what is referred to again is not.
with revived as (
  update artifact set dying_at = null
  where dying_at is not null and complete_at is not null and id not in (select id from unreferenced_artifact)
)
update artifact set dying_at = date_trunc('milliseconds', now()) from unreferenced_artifact u
where u.id = artifact.id and artifact.dying_at is null and (artifact.location <> 'postgres' or artifact.elsewhere <> '{}')
  and artifact.created_at <= now() - :olderThanMs::float8 * interval '1 millisecond';
