-- A chunk of an artifact.
select bytes from artifact_chunk where artifact_id = :artifactId::uuid and number = :number::int;
