-- The card of a version; one that was made before facts were kept gives way to one that has them.
insert into dataset_card (sha256, facts, sheet) values (:sha256, :facts::jsonb, :sheet)
on conflict (sha256) do update set facts = excluded.facts, sheet = excluded.sheet
where dataset_card.facts -> 'preparation' = 'null' and excluded.facts -> 'preparation' <> 'null';
