import { arrayOf, bigint, boolean, bytes, float, int, nullable, text, uuid } from "../postgres-types.ts";
import { statement } from "../statement.ts";

export const storedArtifact = statement("stored-artifact", {
  takes: { sha256: text },
  gives: { id: uuid, bytes: bigint, mediaType: text, location: text },
});
export const keepArtifacts = statement("keep-artifacts", {
  takes: { sha256s: arrayOf(text) },
  gives: { sha256: text },
});
export const refreshArtifact = statement("refresh-artifact", { takes: { sha256: text }, gives: { id: uuid } });
export const storeArtifact = statement("store-artifact", { takes: { sha256: text, mediaType: text, bytes } });
export const beginUpload = statement("begin-upload", { takes: { mediaType: text }, gives: { id: uuid } });
export const putChunk = statement("put-chunk", { takes: { artifactId: uuid, number: int, bytes } });
export const nameArtifact = statement("name-artifact", { takes: { artifactId: uuid, sha256: text, bytes: bigint } });
export const adoptArtifact = statement("adopt-artifact", { takes: { sha256: text }, gives: { id: uuid } });
export const moveChunks = statement("move-chunks", { takes: { uploadId: uuid, artifactId: uuid } });
export const dropUpload = statement("drop-upload", { takes: { artifactId: uuid } });
export const claimArtifact = statement("claim-artifact", {
  takes: { sha256: text, bytes: bigint, mediaType: text, location: text },
  gives: { complete: boolean },
});
export const completeArtifact = statement("complete-artifact", { takes: { sha256: text, location: text } });
export const holdArtifact = statement("hold-artifact", { takes: { attemptId: uuid, sha256: text } });
export const importArtifact = statement("import-artifact", {
  takes: { teamId: uuid, sha256: text },
  gives: { sha256: text },
});
export const datasetsOfArtifact = statement("datasets-of-artifact", {
  takes: { sha256: text, teamId: uuid },
  gives: { name: text },
});
export const artifactChunk = statement("artifact-chunk", {
  takes: { artifactId: uuid, number: int },
  gives: { bytes },
});

export const releaseEndedHolds = statement("release-ended-holds", { takes: { olderThanMs: float } });
export const unreferencedArtifacts = statement("unreferenced-artifacts", {
  takes: { olderThanMs: float },
  gives: { id: uuid },
});
export const deleteArtifact = statement("delete-artifact", {
  takes: { artifactId: uuid, olderThanMs: float },
  gives: { id: uuid },
});
export const markDyingArtifacts = statement("mark-dying-artifacts", { takes: { olderThanMs: float } });
export const condemnArtifacts = statement("condemn-artifacts", { takes: { graceMs: float } });
export const condemnedArtifacts = statement("condemned-artifacts", {
  takes: { graceMs: float },
  gives: { id: uuid, location: text, elsewhere: arrayOf(text) },
});
export const deleteCondemnedArtifact = statement("delete-condemned-artifact", {
  takes: { artifactId: uuid },
  gives: { sha256: text, location: text, elsewhere: arrayOf(text) },
});

export const amountToMove = statement("amount-to-move", {
  takes: { store: text },
  gives: { artifacts: int, bytes: bigint },
});
export const artifactsToMove = statement("artifacts-to-move", {
  takes: { store: text, after: nullable(uuid), limit: int },
  gives: { id: uuid, sha256: text, bytes: bigint, mediaType: text, location: text },
});
export const beginMove = statement("begin-move", { takes: { artifactId: uuid, store: text } });
export const finishMove = statement("finish-move", { takes: { artifactId: uuid, store: text }, gives: { id: uuid } });
export const leftoverCopies = statement("leftover-copies", {
  takes: { olderThanMs: float },
  gives: { id: uuid, store: text },
});
export const forgetCopy = statement("forget-copy", {
  takes: { artifactId: uuid, store: text },
  gives: { sha256: text },
});
export const dropChunks = statement("drop-chunks", { takes: { artifactId: uuid } });
