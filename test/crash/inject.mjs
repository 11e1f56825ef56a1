/**
 * Preloaded into every process of a test run: each 50th prepared statement of Postgres collides with another transaction, and each
 * 50th command of Redis gets no answer. Counted, not drawn: so whoever tries again does not meet the next one at once.
 */
import { Redis } from "ioredis";
import pg from "pg";

const every = 50;
const { query } = pg.Client.prototype;
const { sendCommand } = Redis.prototype;

let statements = 0;
pg.Client.prototype.query = function (...args) {
  if (!args[0]?.name || ++statements % every !== 0) return query.apply(this, args);
  return Promise.reject(Object.assign(new Error("injected: could not serialize access"), { code: "40001" }));
};

let commands = 0;
Redis.prototype.sendCommand = function (command, ...rest) {
  if (++commands % every !== 0) return sendCommand.call(this, command, ...rest);
  command.reject(new Error("Command timed out"));
  return command.promise;
};
