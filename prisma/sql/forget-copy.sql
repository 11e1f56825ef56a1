-- A store is about to lose its copy of an artifact, which is read from another; until commit nobody moves it back.
update artifact set elsewhere = array_remove(elsewhere, :store)
where id = :artifactId::uuid and complete_at is not null and location <> :store and :store = any (elsewhere)
returning coalesce(sha256, '') as sha256;
