export { type Bell, createBell } from "./bell.ts";
export { type Consumer, type ConsumerOptions, createConsumer, type Delivery } from "./consumer.ts";
export { defaultPrefix, queueName, queueNames, type Wake, wakes } from "./keys.ts";
export { createProducer, type JobState, type Producer } from "./producer.ts";
export { openRedis, type QueueLog, type Redis, type RedisOptions, RedisUnavailable } from "./redis.ts";
export { createWakes, type Wakes } from "./wakes.ts";
