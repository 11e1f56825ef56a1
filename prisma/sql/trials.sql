-- Trials as the API shows them, in the plan's order.
select * from trial_detail where id = any (:trialIds::uuid[]) order by number;
