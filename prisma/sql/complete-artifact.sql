-- The bytes of a claimed artifact are in a store, which from now on serves them.
update artifact set complete_at = now(), location = :location,
  elsewhere = case
    when location = :location then elsewhere
    else array_append(array_remove(elsewhere, :location), location)
  end
where sha256 = :sha256 and complete_at is null;
