-- Takes or renews a lease; no row when another holds it.
insert into leader (name, holder, expires_at) values (:name, :holder, now() + :leaseSeconds::float8 * interval '1 second')
on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at
where leader.holder = excluded.holder or leader.expires_at < now()
returning holder;
