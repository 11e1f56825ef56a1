-- An artifact of one chunk at most, at once under its name.
with stored as (
  insert into artifact (sha256, bytes, media_type, complete_at)
  values (:sha256, octet_length(:bytes::bytea), :mediaType, now()) returning id
)
insert into artifact_chunk (artifact_id, number, bytes)
select id, 0, :bytes::bytea from stored where octet_length(:bytes::bytea) > 0;
