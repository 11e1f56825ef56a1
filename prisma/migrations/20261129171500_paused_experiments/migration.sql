-- Each look at whose turn it is asks whether any experiment is paused.
CREATE INDEX "experiment_paused" ON "experiment" ("id") WHERE "state" = 'paused';
