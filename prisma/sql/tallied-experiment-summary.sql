-- An experiment as a row of its screen shows it, by its tally; no row where it has none that holds. By one id: see experiment-summary.
select * from tallied_experiment_summary where id = :experimentId::uuid;
