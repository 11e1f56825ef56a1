-- A bearer token, as its hash.
insert into api_token (team_id, name, role, hash) values (:teamId::uuid, :name, :role, :hash) returning id::text;
