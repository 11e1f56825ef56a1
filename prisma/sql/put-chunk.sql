-- A chunk of an upload.
insert into artifact_chunk (artifact_id, number, bytes) values (:artifactId::uuid, :number::int, :bytes::bytea);
