-- Names of the datasets that a team may see, at most :limit of them.
select name from dataset where team_id is null or team_id = :teamId::uuid order by name limit :limit::int;
