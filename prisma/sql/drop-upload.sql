-- Drops an upload whose bytes were stored already.
delete from artifact where id = :artifactId::uuid and complete_at is null;
