-- An artifact was put again: by its date garbage collection, which takes what is older than a day, leaves it alone, and it no
-- longer is about to be deleted. One that is young is left as it is, so that those who put the same bytes do not wait for each
-- other. No row when none of the name is stored.
with known as (
  select id, created_at > now() - interval '1 hour' and dying_at is null as young
  from artifact where sha256 = :sha256 and complete_at is not null
), renewed as (
  update artifact set created_at = now(), dying_at = null from known
  where artifact.id = known.id and not known.young and artifact.complete_at is not null returning artifact.id
)
select id from known where young union all select id from renewed;
