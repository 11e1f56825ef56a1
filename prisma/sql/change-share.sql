-- Gives a team another share. No row where there is no team of the name.
-- :quota is taken where :changesQuota says so, since null is one: no quota
update team set weight = coalesce(:weight::float8, weight), quota_hard = coalesce(:hard::boolean, quota_hard),
  quota = case when :changesQuota::boolean then :quota::float8 else quota end
where name = :name
returning id::text;
