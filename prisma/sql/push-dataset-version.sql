-- A version of a dataset lies in the artifact store from now on; no row where it did before.
update dataset_version set pushed_at = now() where sha256 = :version and pushed_at is null returning sha256;
