/** Names and times of what the fixtures are made of. */

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
export const hash = (n: number): string => String(n).padStart(64, "0");
/** ReLUs of ResNet-20 at 32 pixels. */
export const allRelus = 188_416;
export const at = (minutesAgo: number): string => new Date(Date.now() - minutesAgo * 60_000).toISOString();
