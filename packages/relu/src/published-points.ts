import { catalog } from "./catalog.ts";

/**
 * What papers report, as reference curves of the frontier (method.md §8): thousands of ReLUs and top-1 accuracy in percent.
 * They were measured on the original images with hundreds of epochs: curves to look at, not rows to compare.
 */
export interface PublishedCurve {
  method: string;
  source: string;
  /** Fewest ReLUs first; accuracy is a share. */
  points: readonly { reluCount: number; accuracy: number }[];
}

/** The papers mix ResNet-18 and WRN-22-8 in one curve, and so do these. */
const modelsOfPapers: readonly string[] = ["resnet18", "wrn22-8"];

type Points = readonly (readonly [thousands: number, percent: number])[];
interface Paper {
  method: string;
  source: string;
  curves: Readonly<Record<string, Points>>;
}

const papers: readonly Paper[] = [
  {
    method: "SENet",
    source: "Kundu et al., ICLR 2023",
    curves: catalog<Record<string, Points>>({
      cifar10: [
        [82, 93.05],
        [150, 94.91],
      ], // 49.1k at 93.6 % is left out: probably VGG16's
      cifar100: [
        [24.6, 70.59],
        [49.6, 75.28],
        [150, 78.32],
      ],
      "tiny-imagenet": [
        [142, 58.9],
        [298, 64.96],
      ],
    }),
  },
  {
    method: "SNL",
    source: "Cho et al., ICML 2022",
    curves: catalog<Record<string, Points>>({
      cifar10: [
        [12.9, 88.23],
        [25, 90.88],
        [49.4, 92.27],
        [99.9, 93.5],
        [150, 94.26],
        [300, 95.06],
      ],
      cifar100: [
        [12.9, 66.53],
        [25, 70.05],
        [49.4, 73.75],
        [99.9, 75.94],
        [120, 76.35],
        [150, 77.35],
        [180, 77.65],
      ],
      "tiny-imagenet": [
        [60, 54.24],
        [100, 58.94],
        [200, 63.39],
        [300, 64.04],
      ],
    }),
  },
  {
    method: "DeepReDuce",
    source: "Jha et al., ICML 2021",
    curves: catalog<Record<string, Points>>({
      cifar10: [
        [36, 88.5],
        [70, 90],
        [114, 92.7],
        [221.5, 94.07],
      ],
      cifar100: [
        [12.3, 64.97],
        [28.7, 68.68],
        [49.2, 69.5],
        [114, 74.72],
        [197, 75.51],
        [229.4, 76.22],
      ],
      "tiny-imagenet": [
        [57.35, 53.75],
        [114.7, 56.18],
        [393, 61.65],
      ],
    }),
  },
  {
    method: "CryptoNAS",
    source: "Ghodsi et al., NeurIPS 2020",
    curves: catalog<Record<string, Points>>({
      cifar10: [
        [50, 90],
        [86, 91.5],
        [100, 92.2],
        [334, 94],
      ],
      cifar100: [
        [50, 63.5],
        [86, 66],
        [100, 68.5],
        [334, 76],
      ],
    }),
  },
  {
    method: "Sphynx",
    source: "Cho et al., 2021",
    curves: catalog<Record<string, Points>>({
      cifar100: [
        [25.6, 66.13],
        [51.2, 69.57],
        [102.4, 72.9],
        [230, 74.93],
      ],
      "tiny-imagenet": [
        [102.4, 48.44],
        [204.8, 53.51],
        [614.4, 60.76],
      ],
    }),
  },
  {
    method: "ReLUPruner",
    source: "AAAI 2026",
    curves: catalog<Record<string, Points>>({
      cifar10: [
        [12.9, 90.12],
        [50, 94.02],
        [150, 95.07],
      ],
      cifar100: [
        [12.9, 68.28],
        [24.9, 71.98],
        [50, 77.9],
        [150, 78.61],
      ],
      "tiny-imagenet": [
        [55, 56.84],
        [150, 61.27],
        [200, 64.58],
        [300, 65.13],
      ],
    }),
  },
];

/** Curves of papers for a dataset and a model of theirs; none for another. */
export function publishedCurves(dataset: string, model: string): PublishedCurve[] {
  if (!modelsOfPapers.includes(model)) return [];
  return papers.flatMap(({ method, source, curves }) => {
    const points = curves[dataset]?.map(([thousands, percent]) => ({
      reluCount: Math.round(1000 * thousands),
      accuracy: percent / 100,
    }));
    return points ? [{ method, source, points }] : [];
  });
}
