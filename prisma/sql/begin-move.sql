-- A store may have the artifact's bytes from now on, too. They are young: no collection takes them for what a move left behind.
update artifact set elsewhere = array_append(array_remove(elsewhere, :store), :store), created_at = now()
where id = :artifactId::uuid and location <> :store;
