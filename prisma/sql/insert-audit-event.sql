-- Who did what.
insert into audit_event (team_id, actor, action, subject, detail)
values (:teamId::uuid, :actor, :action, :subject, :detail::jsonb);
