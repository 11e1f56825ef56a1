-- What a key was answered first.
select request_hash as "requestHash", experiment_id::text as "experimentId", status, body
from idempotency_key where team_id = :teamId::uuid and key = :key;
