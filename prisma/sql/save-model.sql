-- A model's size beside the hash of its definition.
insert into model (definition_hash, name, relu_count, params, macs)
values (:definitionHash, :name, :reluCount::int, :params::bigint, :macs::bigint)
on conflict do nothing;
