-- Names of the datasets that a team may see, at most $2 of them.
-- $1 team  $2 limit
select name from dataset where team_id is null or team_id = $1::uuid order by name limit $2;
