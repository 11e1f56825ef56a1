-- A store may have the artifact's bytes from now on, too.
update artifact set elsewhere = array_append(array_remove(elsewhere, :store), :store)
where id = :artifactId::uuid and location <> :store;
