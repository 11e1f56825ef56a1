-- A dataset, which all of the installation shares; one that is there stays.
insert into dataset (name) values (:name) on conflict do nothing;
