-- A link that one browser may exchange for a session, for some seconds.
insert into login_link (team_id, name, role, hash, expires_at)
values (:teamId::uuid, :name, :role, :hash, now() + :seconds::float8 * interval '1 second');
