-- The next revision of a (locked) experiment's spec.
-- :spec as it was sent  :parsed with its defaults
insert into spec_revision (experiment_id, number, spec, parsed)
select :experimentId::uuid, max(number) + 1, :spec::jsonb, :parsed::jsonb
from spec_revision where experiment_id = :experimentId::uuid;
