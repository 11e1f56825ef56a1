-- Artifacts in Postgres, and uploads that were never completed, that nothing holds and no row refers to.
select id from unreferenced_artifact
where location = 'postgres' and elsewhere = '{}'
  and created_at <= now() - :olderThanMs::float8 * interval '1 millisecond';
