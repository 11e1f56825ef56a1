-- An artifact is read from a store that has its bytes now. No row when it is gone, or is read from there already.
update artifact set location = :store, elsewhere = array_append(array_remove(elsewhere, :store), location)
where id = :artifactId::uuid and complete_at is not null and location <> :store
returning id;
