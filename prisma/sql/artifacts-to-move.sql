-- Artifacts that are not read from a store, a page of them in the order of their ids. Complete ones have a name.
select id, coalesce(sha256, '') as sha256, bytes, media_type as "mediaType", location from artifact
where complete_at is not null and dying_at is null and location <> :store and (:after::uuid is null or id > :after::uuid)
order by id limit :limit::int;
