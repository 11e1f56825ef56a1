import { Empty } from "../../ui/notes.tsx";

const spec = `name: first sweep
dataset: cifar10
model: resnet20
recipe: cpu/resnet20
budgets: ["5%", "10%", "20%", "40%"]`;

export const FirstExperiment = () => (
  <Empty title="No experiments yet">
    <p>Write a spec:</p>
    <pre>{spec}</pre>
    <p>See what it would train, then submit it:</p>
    <pre>{"npx reluctant plan spec.yaml\nnpx reluctant submit spec.yaml"}</pre>
  </Empty>
);
