export { type Consumer, type ConsumerOptions, createConsumer, type Delivery } from "./consumer.ts";
export { defaultPrefix, queueName, queueNames, type Wake, wakes } from "./keys.ts";
export { createProducer, type JobState, type Producer } from "./producer.ts";
export { openRedis, type QueueLog, type Redis, type RedisOptions, RedisUnavailable } from "./redis.ts";
export { createWakeSignal, type WakeSignal } from "./wake-signal.ts";
export { createWakes, type Wakes } from "./wakes.ts";
