-- Pauses an experiment, or has it go on.
-- :from states that this one may follow
update experiment set state = :state, reason = :reason::text, finished_at = null
where id = :experimentId::uuid and state = any (:from::text[])
returning id::text;
