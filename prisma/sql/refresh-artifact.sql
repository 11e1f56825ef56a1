-- An artifact was put again: by its new date garbage collection leaves it alone. No row when none of the name is stored.
update artifact set created_at = now() where sha256 = :sha256 returning id;
