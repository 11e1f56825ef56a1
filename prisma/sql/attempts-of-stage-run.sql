-- All attempts of a stage run as the API shows them, in order.
select * from attempt_detail where "stageRunId" = :stageRunId::uuid order by number;
