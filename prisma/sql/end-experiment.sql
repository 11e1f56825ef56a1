-- Ends an experiment before its stage runs have.
-- :from states that this one may follow
update experiment set state = :state, reason = :reason::text, finished_at = now()
where id = :experimentId::uuid and state = any (:from::text[])
returning id::text;
