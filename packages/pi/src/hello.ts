import { type Channel, ChannelError } from "./channel.ts";
import { type LinearProtocolName, linearProtocols } from "./linear-protocols.ts";
import { type Architecture, digestBytes, digestOf } from "./network.ts";
import { type ReluProtocolName, reluProtocols } from "./relu-protocols.ts";

/** Rises with every change of what goes over a channel. */
const protocolVersion = 3;

/** Both parties show that they speak the same protocols about one architecture, its ReLUs included. Throws where they do not. */
export async function greet(
  peer: Channel,
  { architecture, relus, linear }: { architecture: Architecture; relus: ReluProtocolName; linear: LinearProtocolName },
): Promise<void> {
  const code = Object.keys(reluProtocols).indexOf(relus);
  const linearCode = Object.keys(linearProtocols).indexOf(linear);
  const own = Uint8Array.of(protocolVersion, code, linearCode, ...digestOf(architecture));
  await peer.send("hello", own);
  const theirs = await peer.receive("hello", 3 + digestBytes);
  if (theirs[0] !== protocolVersion) {
    throw new ChannelError(
      "malformed",
      `the peer speaks version ${theirs[0]} of the protocol, this side ${protocolVersion}`,
    );
  }
  if (theirs[1] !== code) throw new ChannelError("malformed", `the peer has no ${relus} ReLUs in mind`);
  if (theirs[2] !== linearCode)
    throw new ChannelError("malformed", `the peer has no linear layers by ${linear} in mind`);
  if (Buffer.compare(own, theirs) !== 0) {
    throw new ChannelError("malformed", "the peer has another architecture: masks, shapes and bounds must be equal");
  }
}
