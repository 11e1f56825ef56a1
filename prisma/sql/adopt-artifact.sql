-- The artifact of a name, where there is one whose bytes are not in Postgres, or not complete, is read from Postgres from now on.
update artifact set complete_at = now(), created_at = now(), dying_at = null, location = 'postgres',
  elsewhere = array_append(array_remove(elsewhere, 'postgres'), location)
where sha256 = :sha256 and location <> 'postgres'
returning id;
