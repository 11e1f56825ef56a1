-- Brings a tally that holds up to now, unless another did so meanwhile.
-- :snapshot that it had
update experiment_tally t set snapshot = pg_current_snapshot(), at = now(), succeeded = held.succeeded,
  cancelled = held.cancelled, gpu_seconds = held.gpu_seconds, images = held.images, open = held.open, released = held.released,
  reached = held.reached
from experiment_tally_now held
where t.experiment_id = :experimentId::uuid and held.experiment_id = t.experiment_id and t.snapshot::text = :snapshot::text;
