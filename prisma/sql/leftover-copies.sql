-- Artifacts whose bytes may also be where they are not read from, of a move that ended before it removed them.
select id, store from artifact, unnest(elsewhere) as store
where complete_at is not null and created_at <= now() - :olderThanMs::float8 * interval '1 millisecond';
