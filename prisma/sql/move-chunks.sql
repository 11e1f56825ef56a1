-- Gives the chunks of an upload to another artifact.
update artifact_chunk set artifact_id = :artifactId::uuid where artifact_id = :uploadId::uuid;
