-- The samples on a version's card.
select sheet from dataset_card where sha256 = :sha256;
