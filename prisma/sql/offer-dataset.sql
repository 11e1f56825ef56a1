-- Workers that are there can fetch a version that was pushed; those that come later are told when they register.
update worker set datasets = array_append(datasets, :version) where state <> 'gone' and not :version = any (datasets);
