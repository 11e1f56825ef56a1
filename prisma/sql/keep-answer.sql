-- The first answer to a key.
insert into idempotency_key (team_id, key, request_hash, status, body, experiment_id)
values (:teamId::uuid, :key, :requestHash, :status::int, :body::jsonb, :experimentId::uuid);
