-- What each team used of late, which decays with a half-life in seconds: as of its row, and what it was charged since.
create or replace function team_usage(half_life float8) returns table (team_id uuid, weight float8, gpu_seconds float8)
language sql stable parallel safe as $$
  select team.id, team.weight,
    team.gpu_seconds * 0.5 ^ (greatest(0, extract(epoch from now() - team.usage_at)::float8) / half_life) + coalesce(charged.seconds, 0)
  from team
  left join (
    select u.team_id, sum(u.seconds * 0.5 ^ (greatest(0, extract(epoch from now() - u.at)::float8) / half_life)) as seconds
    from usage u group by u.team_id
  ) charged on charged.team_id = team.id
$$;
