-- The place of a kind of stage in the method's order: inputs come before those that read them.
create or replace function stage_kind_rank(kind text) returns int
language sql immutable parallel safe
return array_position(array['train', 'sensitivity', 'mask-search', 'distillation', 'private-inference'], kind);
