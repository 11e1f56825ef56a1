-- An artifact of one chunk at most, at once under its name; also where another store has begun to store it.
with stored as (
  insert into artifact (sha256, bytes, media_type, complete_at)
  values (:sha256, octet_length(:bytes::bytea), :mediaType, now())
  on conflict (sha256) do update set complete_at = now(), created_at = now(), dying_at = null, location = 'postgres',
    elsewhere = array_append(array_remove(artifact.elsewhere, 'postgres'), artifact.location)
  where artifact.complete_at is null
  returning id
)
insert into artifact_chunk (artifact_id, number, bytes)
select id, 0, :bytes::bytea from stored where octet_length(:bytes::bytea) > 0
-- Left by a move that did not end.
on conflict do nothing;
