-- An upload in several chunks begins, without a name.
insert into artifact (media_type) values (:mediaType) returning id;
