-- Lets go of what attempts held that have ended: it is referred to by now, or not wanted.
delete from artifact_hold using attempt
where attempt.id = artifact_hold.attempt_id and attempt.ended_at <= now() - :olderThanMs::float8 * interval '1 millisecond';
