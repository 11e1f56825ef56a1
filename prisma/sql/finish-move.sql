-- An artifact is read from a store that has its bytes now. No row when it is gone, is read from there already, or that copy was
-- forgotten meanwhile, and so removed.
update artifact set location = :store, elsewhere = array_append(array_remove(elsewhere, :store), location)
where id = :artifactId::uuid and complete_at is not null and location <> :store and :store = any (elsewhere)
returning id;
