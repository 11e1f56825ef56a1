import { type Channel, ChannelError } from "./channel.ts";
import { type LinearProtocolName, linearProtocols } from "./linear-protocols.ts";
import { type Architecture, digestBytes, digestOf } from "./network.ts";
import { type ReluProtocolName, reluProtocols } from "./relu-protocols.ts";
import type { Schedule } from "./schedule.ts";

/** Rises with every change of what goes over a channel. */
const protocolVersion = 5;

/** What both parties must say alike. */
export interface Greeting {
  architecture: Architecture;
  relus: ReluProtocolName;
  linear: LinearProtocolName;
  schedule: Schedule;
}

/** Both parties show that they speak the same protocols about one architecture, its ReLUs included. Throws where they do not. */
export async function greet(peer: Channel, { architecture, relus, linear, schedule }: Greeting): Promise<void> {
  const code = Object.keys(reluProtocols).indexOf(relus);
  const linearCode = Object.keys(linearProtocols).indexOf(linear);
  const when = [schedule.linear, schedule.relus].map((phase) => Number(phase === "online"));
  const own = Uint8Array.of(protocolVersion, code, linearCode, ...when, ...digestOf(architecture));
  await peer.send("hello", own);
  const theirs = await peer.receive("hello", 5 + digestBytes);
  if (theirs[0] !== protocolVersion) {
    throw new ChannelError(
      "malformed",
      `the peer speaks version ${theirs[0]} of the protocol, this side ${protocolVersion}`,
    );
  }
  if (theirs[1] !== code) throw new ChannelError("malformed", `the peer has no ${relus} ReLUs in mind`);
  if (theirs[2] !== linearCode)
    throw new ChannelError("malformed", `the peer has no linear layers by ${linear} in mind`);
  if (when.some((each, i) => theirs[3 + i] !== each))
    throw new ChannelError("malformed", "the peer prepares linear layers or ReLUs in another phase");
  if (Buffer.compare(own, theirs) !== 0) {
    throw new ChannelError("malformed", "the peer has another architecture: masks, shapes and bounds must be equal");
  }
}
