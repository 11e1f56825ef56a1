import { catalog } from "../catalog.ts";

/** What the names and shapes of a network's tensors do not say, and another network of the same tensors does otherwise. */
export interface Question {
  /** The command's option that answers it, without its dashes. */
  flag: string;
  /** What is asked, as a part of a sentence. */
  about: string;
  /** By answer: the model that it names, and whose networks are so. */
  answers: Readonly<Record<string, { model: string; known: string }>>;
}

const padding = (model: string): Question => ({
  flag: "padding",
  about: "where a parameter-free shortcut has its channels of zeros",
  answers: catalog({
    both: { model, known: "half on either side, as akamaster's" },
    end: { model: `${model}-end`, known: "all at the end, as He et al.'s" },
  }),
});

/**
 * By the model whose name leaves it open. Networks that differ in more than what is asked here differ in their tensors, and
 * a file tells them apart; a test holds the catalog to that.
 */
export const questions = catalog<Record<string, Question>>({
  resnet50: {
    flag: "stride-in",
    about: "which convolution of a bottleneck has the stride",
    answers: catalog({
      "3x3": { model: "resnet50", known: "v1.5: torchvision's, timm's" },
      "1x1": { model: "resnet50-v1", known: "v1: He et al.'s, Caffe's" },
    }),
  },
  "wrn22-8": {
    flag: "stride-in",
    about: "which convolution of a block has the stride",
    answers: catalog({
      conv1: { model: "wrn22-8", known: "the first, and shortcuts read the activation, as xternalz's and SNL's" },
      conv2: { model: "wrn22-8-late-stride", known: "the second, and shortcuts read the sum, as meliketoy's" },
    }),
  },
  "vgg16-bn": {
    flag: "pools",
    about: "how many blocks a max-pool ends",
    answers: catalog({
      3: { model: "vgg16-bn", known: "the first three, as SENet's" },
      4: { model: "vgg16-bn-4-pools", known: "the first four, as SNL's, which averages behind the last" },
      5: { model: "vgg16-bn-5-pools", known: "all, as torchvision's and kuangliu's" },
    }),
  },
  "resnet20-option-a": padding("resnet20-option-a"),
  "resnet56-option-a": padding("resnet56-option-a"),
});

/** Options that answer a question, each once, with what they ask. */
export const questionFlags = [...new Set(Object.values(questions).map(({ flag }) => flag))].map((flag) => {
  const asked = Object.values(questions).filter((question) => question.flag === flag);
  return {
    flag,
    about: [...new Set(asked.map(({ about }) => about))].join(", or "),
    answers: [...new Set(asked.flatMap(({ answers }) => Object.keys(answers)))],
  };
});
