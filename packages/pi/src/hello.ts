import { type Channel, ChannelError } from "./channel.ts";
import { type Architecture, digestBytes, digestOf } from "./network.ts";

/** Rises with every change of what goes over a channel. */
const protocolVersion = 1;

/** Both parties show that they speak one protocol about one architecture. Throws where they do not. */
export async function greet(peer: Channel, architecture: Architecture): Promise<void> {
  const own = Uint8Array.of(protocolVersion, ...digestOf(architecture));
  await peer.send("hello", own);
  const theirs = await peer.receive("hello", 1 + digestBytes);
  if (theirs[0] !== protocolVersion) {
    throw new ChannelError(
      "malformed",
      `the peer speaks version ${theirs[0]} of the protocol, this side ${protocolVersion}`,
    );
  }
  if (Buffer.compare(own, theirs) !== 0) {
    throw new ChannelError("malformed", "the peer has another architecture: masks, shapes and bounds must be equal");
  }
}
