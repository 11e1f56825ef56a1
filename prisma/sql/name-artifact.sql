-- An upload is complete: from now on it is served under its name.
update artifact set sha256 = :sha256, bytes = :bytes::bigint, created_at = now(), complete_at = now()
where id = :artifactId::uuid;
