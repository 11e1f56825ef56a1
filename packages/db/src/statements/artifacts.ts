import { bigint, bytes, float, int, text, uuid } from "../postgres-types.ts";
import { statement } from "../statement.ts";

export const refreshArtifact = statement("refresh-artifact", { takes: { sha256: text }, gives: { id: uuid } });
export const storeArtifact = statement("store-artifact", { takes: { sha256: text, mediaType: text, bytes } });
export const beginUpload = statement("begin-upload", { takes: { mediaType: text }, gives: { id: uuid } });
export const putChunk = statement("put-chunk", { takes: { artifactId: uuid, number: int, bytes } });
export const nameArtifact = statement("name-artifact", { takes: { artifactId: uuid, sha256: text, bytes: bigint } });
export const dropUpload = statement("drop-upload", { takes: { artifactId: uuid } });
export const holdArtifact = statement("hold-artifact", { takes: { attemptId: uuid, sha256: text } });
export const importArtifact = statement("import-artifact", {
  takes: { teamId: uuid, sha256: text },
  gives: { sha256: text },
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
