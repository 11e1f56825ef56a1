export { checkRedis } from "./check-redis.ts";
export { type Consumer, type ConsumerOptions, createConsumer, type Delivery } from "./consumer.ts";
export { defaultPrefix, type NotificationName, notificationNames, queueName, queueNames } from "./keys.ts";
export { createNotifications, type Notifications } from "./notifications.ts";
export { createProducer, type JobState, type Producer } from "./producer.ts";
export { openRedis, type QueueLog, type Redis, type RedisOptions, RedisUnavailable } from "./redis.ts";
export { checkedRedisUrl } from "./sentinels.ts";
export { createWakeSignal, type WakeSignal } from "./wake-signal.ts";
