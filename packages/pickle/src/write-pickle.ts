/** Writes pickles as Python would: what no plain JavaScript value stands for has a class here. */
export class Tuple {
  readonly items: readonly unknown[];
  constructor(...items: readonly unknown[]) {
    this.items = items;
  }
}

/** A function or class, as `module.name`. */
export class Name {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What `__reduce__` gives: a call, and what is done with its result. */
export class Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly entries: ReadonlyMap<unknown, unknown>;
  readonly state: unknown;
  constructor(
    name: string,
    args: readonly unknown[],
    after: { entries?: ReadonlyMap<unknown, unknown>; state?: unknown } = {},
  ) {
    this.name = name;
    this.args = args;
    this.entries = after.entries ?? new Map();
    this.state = after.state;
  }
}

/** An object of a class of Python, which has nothing but a state. */
export class Instance {
  readonly name: string;
  readonly state: unknown;
  constructor(name: string, state: unknown) {
    this.name = name;
    this.state = state;
  }
}

/** A reference to what lies outside the pickle. */
export class Outside {
  readonly id: unknown;
  constructor(id: unknown) {
    this.id = id;
  }
}

/** A float, also one without a fraction: plain whole numbers are integers. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export type Protocol = 2 | 4;

export function pickled(value: unknown, protocol: Protocol = 2): Buffer {
  const parts: Uint8Array[] = [Buffer.of(0x80, protocol)];
  const memo = new Map<unknown, number>();
  const op = (code: number, argument: Uint8Array = new Uint8Array()) => parts.push(Buffer.of(code), argument);

  const put = (written: unknown) => {
    const index = memo.size;
    memo.set(written, index);
    if (protocol === 4) op(0x94);
    else if (index < 256) op(0x71, Buffer.of(index));
    else op(0x72, uint4(index));
  };
  const name = (text: string) => {
    const dot = text.lastIndexOf(".");
    const [module, rest] = [text.slice(0, dot), text.slice(dot + 1)];
    if (protocol === 2) return op(0x63, Buffer.from(`${module}\n${rest}\n`));
    write(module);
    write(rest);
    return op(0x93);
  };
  const tuple = (items: readonly unknown[]) => {
    if (items.length === 0) return op(0x29);
    if (items.length > 3) op(0x28);
    for (const item of items) write(item);
    return op(items.length > 3 ? 0x74 : 0x84 + items.length);
  };
  const entries = (dict: ReadonlyMap<unknown, unknown>) => {
    if (dict.size === 0) return;
    op(0x28);
    for (const [key, item] of dict) {
      write(key);
      write(item);
    }
    op(0x75);
  };
  const build = (state: unknown) => {
    if (state === undefined) return;
    write(state);
    op(0x62);
  };
  const number = (plain: number) => {
    if (!Number.isInteger(plain)) return op(0x47, float8(plain));
    if (plain >= 0 && plain < 256) return op(0x4b, Buffer.of(plain));
    if (Math.abs(plain) < 2 ** 31) return op(0x4a, int4(plain));
    return op(0x8a, long(BigInt(plain)));
  };
  const write = (written: unknown): void => {
    const known = typeof written === "object" && written !== null ? memo.get(written) : undefined;
    if (known !== undefined) return void (known < 256 ? op(0x68, Buffer.of(known)) : op(0x6a, uint4(known)));
    if (written === null) op(0x4e);
    else if (typeof written === "boolean") op(written ? 0x88 : 0x89);
    else if (typeof written === "number") number(written);
    else if (typeof written === "bigint") op(0x8a, long(written));
    else if (typeof written === "string") op(0x58, counted(Buffer.from(written)));
    else if (written instanceof Uint8Array) op(0x42, counted(written));
    else if (written instanceof Float) op(0x47, float8(written.value));
    else if (written instanceof Tuple) tuple(written.items);
    else if (written instanceof Name) name(written.name);
    else if (written instanceof Outside) {
      write(written.id);
      op(0x51);
    } else if (Array.isArray(written)) {
      op(0x5d);
      put(written);
      op(0x28);
      for (const item of written) write(item);
      op(0x65);
    } else if (written instanceof Map) {
      op(0x7d);
      put(written);
      entries(written);
    } else if (written instanceof Call) {
      name(written.name);
      tuple(written.args);
      op(0x52);
      put(written);
      entries(written.entries);
      build(written.state);
    } else if (written instanceof Instance) {
      name(written.name);
      op(0x29);
      op(0x81);
      put(written);
      build(written.state);
    } else throw new TypeError(`no pickle is written of ${String(written)}`);
  };

  write(value);
  op(0x2e);
  return Buffer.concat(parts);
}

const uint4 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const int4 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const float8 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes;
};
const counted = (bytes: Uint8Array) => Buffer.concat([uint4(bytes.length), bytes]);
/** 16 bytes, behind their number. */
const long = (value: bigint) => {
  const bytes = Buffer.alloc(17);
  bytes[0] = 16;
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value), 1);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value >> 64n), 9);
  return bytes;
};
