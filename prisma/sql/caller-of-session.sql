-- Whose a browser's session is; no row when it is unknown or has ended.
select s.id::text, s.name, s.role, s.team_id::text as "teamId", team.name as team
from session s join team on team.id = s.team_id
where s.hash = :hash and s.expires_at > now();
