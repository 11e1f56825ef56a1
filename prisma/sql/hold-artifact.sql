-- Keeps an artifact for the attempt that put it, until a row refers to it or the attempt has ended.
insert into artifact_hold (attempt_id, sha256) values (:attemptId::uuid, :sha256) on conflict do nothing;
