-- Where the bytes of an artifact are; no row when it is not there, or not complete.
select id, bytes, media_type as "mediaType", location from artifact where sha256 = :sha256 and complete_at is not null;
