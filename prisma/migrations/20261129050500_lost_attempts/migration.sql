-- What is asked of each loss: which others there were within a lease.
CREATE INDEX "attempt_lost" ON "attempt" ("lease_expires_at") WHERE "state" = 'lost';
