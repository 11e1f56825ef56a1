-- The bytes of an artifact leave Postgres.
delete from artifact_chunk where artifact_id = :artifactId::uuid;
