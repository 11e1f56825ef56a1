-- The lease of a locked attempt is over, as if it had run out.
update attempt set lease_expires_at = least(lease_expires_at, now() - interval '1 millisecond')
where id = :attemptId::uuid and state in ('running', 'stopping');
