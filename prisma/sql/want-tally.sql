-- Has an experiment be tallied from now on.
insert into experiment_tally (experiment_id) values (:experimentId::uuid) on conflict do nothing;
