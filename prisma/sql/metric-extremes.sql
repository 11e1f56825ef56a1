-- Blocks of a stage run's curves that hold points after a step: whole where those of a series are few, else of each the lowest and the
-- highest point of each of its parts, and its last. Arrays are read from their store once: `|| '{}'` makes them ours, `offset 0` keeps
-- them.
-- :series null are all  :most points that are wanted of a series  :blockSize points of a full block
select b.series, b.block, coalesce(found.steps, b.steps) as steps, coalesce(found."values", b."values") as "values"
from (
  select series, block, steps || '{}'::int[] as steps, "values" || '{}'::float8[] as "values",
    count(*) over (partition by series) as blocks
  from metric_block
  where stage_run_id = :stageRunId::uuid and (:series::text[] is null or series = any (:series::text[]))
    and steps[cardinality(steps)] > :afterStep::int
  offset 0
) b
left join lateral (
  select array_agg(b.steps[place] order by place) as steps, array_agg(b."values"[place] order by place) as "values"
  from (
    select extreme.place
    from (
      select min(value) as low, max(value) as high, min(place)::int as first
      from unnest(b."values") with ordinality as point (value, place)
      group by (place - 1) * greatest(1, :most::int / 2 / b.blocks) / cardinality(b."values")
    ) part
    cross join lateral (
      values (array_position(b."values", low, first)), (array_position(b."values", high, first))
    ) as extreme (place)
    union
    select cardinality(b."values")
  ) chosen
) found on b.blocks * :blockSize::int > greatest(:most::int, 2 * :blockSize::int)
order by b.series, b.block;
