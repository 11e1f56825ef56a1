-- An artifact was put again: by its date garbage collection, which takes what is older than a day, leaves it alone. One that is
-- young is left as it is, so that those who put the same bytes do not wait for each other. No row when none of the name is stored.
with known as (
  select id, created_at > now() - interval '1 hour' as young from artifact where sha256 = :sha256
), renewed as (
  update artifact set created_at = now() from known where artifact.id = known.id and not known.young returning artifact.id
)
select id from known where young union all select id from renewed;
