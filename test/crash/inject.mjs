/**
 * Preloaded into every process of a test run: each 50th prepared statement of Postgres collides with another transaction, and each
 * 50th command of Redis gets no answer. Counted, not drawn: so whoever tries again does not meet the next one at once.
 */
import { Redis } from "ioredis";
import pg from "pg";

const every = 50;
const { query } = pg.Client.prototype;
const { sendCommand } = Redis.prototype;

const collision = "do $$ begin raise 'injected: could not serialize access' using errcode = '40001'; end $$";
let statements = 0;
pg.Client.prototype.query = function (...args) {
  if (!args[0]?.name || ++statements % every !== 0) return query.apply(this, args);
  return query.call(this, collision); // by Postgres, which then aborts the transaction, whoever waits for the answer
};

let commands = 0;
Redis.prototype.sendCommand = function (command, ...rest) {
  if (++commands % every !== 0) return sendCommand.call(this, command, ...rest);
  command.reject(new Error("Command timed out"));
  return command.promise;
};
