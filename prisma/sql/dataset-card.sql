-- The facts on a version's card.
select facts from dataset_card where sha256 = :sha256;
