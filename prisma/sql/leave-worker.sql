-- A worker is gone; that it beats as it goes tells it from one that was replaced after it had fallen silent.
update worker set state = 'gone', left_at = now(), last_beat_at = now() where id = :workerId::uuid and state <> 'gone';
