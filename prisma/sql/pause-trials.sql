-- Has trials wait, or go on: for what they need there is no slot while they are paused.
update need set paused = :paused::boolean where trial_id = any (:trialIds::uuid[]) and released_at is null;
