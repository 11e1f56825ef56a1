-- The spec of an experiment as it was sent last.
select number, spec from spec_revision where experiment_id = :experimentId::uuid order by number desc limit 1;
