/**
 * The messages of an inference and their codes on the channel. Each side knows from the public network how long the next
 * one is; the protocol has no message whose length its sender chooses.
 */
export const messages = {
  hello: 1,
  nonce: 2,
  offer: 3,
  choices: 4,
  corrections: 5,
  tables: 6,
  weights: 7,
  mask: 8,
  maskSeed: 9,
  correlation: 10,
  ready: 11,
  maskedInput: 12,
  labels: 13,
  colors: 14,
  outputShare: 15,
  carries: 16,
  openings: 17,
  flips: 18,
  products: 19,
  remasked: 20,
  differences: 21,
  publicKey: 22,
  ciphertext: 23,
  product: 24,
  shifts: 25,
} as const;

export type MessageType = keyof typeof messages;

/** The type of a code, or undefined. */
export const messageTypeOf = (code: number): MessageType | undefined =>
  (Object.keys(messages) as MessageType[]).find((type) => messages[type] === code);
