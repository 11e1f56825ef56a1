import type { AndShares } from "./carry-tree.ts";
import type { Channel } from "./channel.ts";
import type { BitTriples } from "./gmw-preparation.ts";

/** ANDs of shares, each by its own triple, in the order of the calls: x ⊕ a and y ⊕ b are opened, 2 bits each way an AND. */
export function andByTriples(
  triples: BitTriples,
  { peer, role }: { peer: Channel; role: "client" | "server" },
): AndShares {
  let used = 0;
  return async (x, y) => {
    const words = x.length;
    const part = (of: keyof BitTriples) => triples[of].subarray(used, used + words);
    const [a, b, c] = [part("a"), part("b"), part("c")];
    used += words;
    const own = new Int32Array(2 * words);
    for (let i = 0; i < words; i++) {
      own[i] = (x[i] as number) ^ (a[i] as number);
      own[words + i] = (y[i] as number) ^ (b[i] as number);
    }
    const [received] = await Promise.all([peer.receive("openings", own.byteLength), peer.send("openings", own)]);
    const theirs = new Int32Array(received.buffer);
    const once = role === "server" ? -1 : 0; // the product of what was opened belongs to one share
    return c.map((product, i) => {
      const d = (own[i] as number) ^ (theirs[i] as number);
      const e = (own[words + i] as number) ^ (theirs[words + i] as number);
      return product ^ (d & (b[i] as number)) ^ (e & (a[i] as number)) ^ (once & d & e);
    });
  };
}
