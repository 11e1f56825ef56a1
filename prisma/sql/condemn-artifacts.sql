-- What has been dying for long is no longer served: from now on its bytes may be missing, and a put brings them again.
update artifact set complete_at = null from unreferenced_artifact u
where u.id = artifact.id and artifact.complete_at is not null
  and artifact.dying_at <= now() - :graceMs::float8 * interval '1 millisecond';
