-- Ends an attempt.
-- :step reached; null keeps what the last beat said  :from states that this one may follow
update attempt set
  state = :state, reason = :reason::text, failure = :failure::jsonb, ended_at = now(),
  progress = case when :step::int is null or progress is null then progress else jsonb_set(progress, '{step}', to_jsonb(:step::int)) end
where id = :attemptId::uuid and state = any (:from::text[])
returning id::text;
