-- Deletes an artifact with its chunks, unless it was put again meanwhile: its date is judged anew under the row's lock.
delete from artifact
where id = :artifactId::uuid and created_at <= now() - :olderThanMs::float8 * interval '1 millisecond'
returning id;
