-- A team brought an artifact itself; no row where it had before.
insert into artifact_import (team_id, sha256) values (:teamId::uuid, :sha256) on conflict do nothing
returning sha256;
