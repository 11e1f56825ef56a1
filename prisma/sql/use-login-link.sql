-- Spends a link and opens a session in its name; no row when it was used or is too old.
with link as (
  update login_link set used_at = now() where hash = :linkHash and used_at is null and expires_at > now() returning *
), audit as (
  insert into audit_event (team_id, actor, action, subject) select team_id, name, 'session.open', id::text from link
)
insert into session (team_id, name, role, hash, expires_at)
select team_id, name, role, :sessionHash, now() + :sessionSeconds::float8 * interval '1 second' from link
returning expires_at as "expiresAt";
