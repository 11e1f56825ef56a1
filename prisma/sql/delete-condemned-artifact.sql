-- Deletes the row of an artifact, unless it was put again meanwhile; until commit a put of the same bytes waits. A row that refers
-- to it makes this fail.
delete from artifact where id = :artifactId::uuid and complete_at is null and dying_at is not null
returning coalesce(sha256, '') as sha256, location, elsewhere;
