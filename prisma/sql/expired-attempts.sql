-- Attempts whose lease has run out.
select id::text from attempt
where state in ('running', 'stopping') and lease_expires_at < now()
order by lease_expires_at limit 500;
