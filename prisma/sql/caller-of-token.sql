-- Whose a bearer token is; no row when it is unknown or revoked.
select t.id::text, t.name, t.role, t.team_id::text as "teamId", team.name as team
from api_token t join team on team.id = t.team_id
where t.hash = :hash and t.revoked_at is null;
