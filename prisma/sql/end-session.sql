-- A browser is logged out.
delete from session where id = :sessionId::uuid;
