-- Bytes are about to appear in a store outside Postgres, under this name; garbage collection knows by the row where they may be.
-- Whether the artifact is there already, complete: then it is young again, and no longer about to be deleted.
insert into artifact (sha256, bytes, media_type, location) values (:sha256, :bytes::bigint, :mediaType, :location)
on conflict (sha256) do update set created_at = now(), dying_at = null,
  elsewhere = case
    when artifact.complete_at is null and artifact.location <> :location
      then array_append(array_remove(artifact.elsewhere, :location), :location)
    else artifact.elsewhere
  end
returning complete_at is not null as complete;
