-- By what the trials of an experiment differ.
select method, budget, seed from trial where experiment_id = :experimentId::uuid order by number;
