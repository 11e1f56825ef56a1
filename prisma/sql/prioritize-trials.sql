-- Gives trials a priority of their own.
-- :priority 0 low, 1 normal, 2 high
update need set priority = :priority::smallint where trial_id = any (:trialIds::uuid[]) and released_at is null;
