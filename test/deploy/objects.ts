/** The objects of an overlay of infra/k8s, as they are written: what Kustomize changes in them is left as it is. */
import { join } from "node:path";
import { z } from "zod";
import { yamlOf } from "./files.ts";

const kustomizationSchema = z.strictObject({
  apiVersion: z.literal("kustomize.config.k8s.io/v1beta1"),
  kind: z.literal("Kustomization"),
  namespace: z.literal("reluctant"),
  labels: z.array(z.strictObject({ pairs: z.record(z.string(), z.string()) })).optional(),
  resources: z.array(z.string()),
  replicas: z.array(z.strictObject({ name: z.string(), count: z.int() })).default([]),
  images: z.array(z.strictObject({ name: z.string(), newTag: z.string() })).default([]),
});
export type Kustomization = z.output<typeof kustomizationSchema>;

const named = z.strictObject({ name: z.string() });
const keyOf = z.strictObject({ name: z.string(), key: z.string() });
const probeSchema = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port: z.string() }),
  periodSeconds: z.int(),
  timeoutSeconds: z.int().optional(),
  failureThreshold: z.int().optional(),
});
const containerSchema = z.strictObject({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).default([]),
  envFrom: z.array(z.strictObject({ configMapRef: named })).default([]),
  env: z
    .array(
      z.strictObject({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z
          .union([
            z.strictObject({ secretKeyRef: keyOf }),
            z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.literal("metadata.name") }) }),
          ])
          .optional(),
      }),
    )
    .default([]),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.int() })).default([]),
  volumeMounts: z
    .array(z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }))
    .default([]),
  resources: z.strictObject({
    requests: z.record(z.string(), z.string()),
    limits: z.record(z.string(), z.union([z.string(), z.int()])),
  }),
  securityContext: z.unknown(),
  startupProbe: probeSchema.optional(),
  livenessProbe: probeSchema.optional(),
  readinessProbe: probeSchema.optional(),
});
const podSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()) }),
  spec: z.object({
    automountServiceAccountToken: z.literal(false),
    terminationGracePeriodSeconds: z.int().optional(),
    securityContext: z.unknown(),
    containers: z.array(containerSchema).length(1),
    volumes: z
      .array(
        z.union([
          z.strictObject({ name: z.string(), emptyDir: z.strictObject({ sizeLimit: z.string() }) }),
          z.strictObject({
            name: z.string(),
            persistentVolumeClaim: z.strictObject({ claimName: z.string(), readOnly: z.literal(true) }),
          }),
        ]),
      )
      .default([]),
  }),
});
export type Pod = z.output<typeof podSchema>;

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own, and the tests ask for what they look at
  spec?: any;
  data?: Record<string, string>;
}

const folder = "infra/k8s";
export const kustomization = (of: string): Kustomization =>
  kustomizationSchema.parse(yamlOf(join(folder, of, "kustomization.yaml"))[0]);

/** Those of the folder's kustomization, and of the folders that it builds upon. */
export const objectsOf = (of: string): KubernetesObject[] =>
  kustomization(of).resources.flatMap((resource) =>
    resource.endsWith(".yaml")
      ? (yamlOf(join(folder, of, resource)) as KubernetesObject[])
      : objectsOf(join(of, resource)),
  );

/** What has pods, with its pod: it is checked here that the fields that the tests look at are spelled as they should be. */
export const podsOf = (objects: readonly KubernetesObject[]): { name: string; kind: string; pod: Pod }[] =>
  objects
    .filter(({ kind }) => kind === "Deployment" || kind === "Job")
    .map(({ kind, metadata: { name }, spec }) => ({ name, kind, pod: podSchema.parse(spec.template) }));

/** KEDA's, which Kubernetes does not know by itself: what of it is used, since an unknown key is a slip. */
export const scaledObjectSchema = z.strictObject({
  apiVersion: z.literal("keda.sh/v1alpha1"),
  kind: z.literal("ScaledObject"),
  metadata: z.unknown(),
  spec: z.strictObject({
    scaleTargetRef: named,
    minReplicaCount: z.int(),
    maxReplicaCount: z.int(),
    pollingInterval: z.int(),
    cooldownPeriod: z.int(),
    advanced: z.strictObject({
      horizontalPodAutoscalerConfig: z.strictObject({
        behavior: z.record(
          z.enum(["scaleUp", "scaleDown"]),
          z.strictObject({
            stabilizationWindowSeconds: z.int(),
            policies: z.array(
              z.strictObject({ type: z.enum(["Percent", "Pods"]), value: z.int(), periodSeconds: z.int() }),
            ),
          }),
        ),
      }),
    }),
    triggers: z.array(
      z.strictObject({
        type: z.literal("prometheus"),
        metadata: z.strictObject({
          serverAddress: z.url(),
          query: z.string(),
          threshold: z.string(),
          ignoreNullValues: z.enum(["true", "false"]),
        }),
      }),
    ),
  }),
});

/** The Prometheus operator's. */
export const serviceMonitorSchema = z.strictObject({
  apiVersion: z.literal("monitoring.coreos.com/v1"),
  kind: z.literal("ServiceMonitor"),
  metadata: z.unknown(),
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
    endpoints: z.array(
      z.strictObject({
        port: z.string(),
        path: z.string(),
        interval: z.string(),
        authorization: z.strictObject({ type: z.literal("Bearer"), credentials: keyOf }),
      }),
    ),
  }),
});
