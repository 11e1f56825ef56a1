/** A checkpoint that is damaged, hostile, or holds what we do not read: its own parts and the pickle in it refuse alike. */
export { MalformedError as CheckpointError, quoted } from "@reluctant/pickle";
