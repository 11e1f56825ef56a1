-- Workers that are there fetch a version that was pushed, but for those of earlier versions; those that come later are told when
-- they register.
update worker set datasets = array_append(datasets, :version)
where fetches and state <> 'gone' and not :version = any (datasets);
