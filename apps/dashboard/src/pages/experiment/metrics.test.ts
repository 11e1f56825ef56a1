import { describe, expect, test } from "vitest";
import { charts, lastCommonStep, mergeSeries } from "./metrics.ts";

const series = (name: string, steps: number[], value = 1) => ({
  series: name,
  steps,
  values: steps.map((step) => step * value),
});

describe("metric series", () => {
  test("grow at their end, and a resumed attempt's steps replace the tail that it repeats", () => {
    const grown = mergeSeries([series("loss", [0, 10, 20])], [series("loss", [30, 40])]);
    expect(grown).toEqual([series("loss", [0, 10, 20, 30, 40])]);
    expect(mergeSeries(grown, [series("loss", [20, 30], 2)])).toEqual([
      { series: "loss", steps: [0, 10, 20, 30], values: [0, 10, 40, 60] },
    ]);
  });

  test("keep what they have when nothing is new, and take in series that begin later", () => {
    const known = [series("loss", [0, 10])];
    expect(mergeSeries(known, [series("loss", [])])).toEqual(known);
    expect(mergeSeries(known, [series("accuracy", [10])]).map((one) => one.series)).toEqual(["loss", "accuracy"]);
  });

  test("are asked for after the step that all of them have", () => {
    expect(lastCommonStep([])).toBeUndefined();
    expect(lastCommonStep([series("loss", [0, 10, 20]), series("accuracy", [0, 10])])).toBe(10);
  });

  test("become charts of one unit, loss first, with gaps where a series has no value", () => {
    const drawn = charts([
      series("images-per-second", [0]),
      series("train-accuracy", [0, 10], 0.01),
      series("validation-accuracy", [10], 0.02),
      series("loss", [0, 10]),
      series("distance", [10]),
    ]);
    expect(drawn.map((chart) => chart.title)).toEqual(["Loss", "Accuracy", "Images per second", "Units exchanged"]);
    expect(drawn[1]).toEqual({
      title: "Accuracy",
      unit: "%",
      names: ["train", "validation"],
      steps: [0, 10],
      values: [
        [0, 10],
        [null, 20],
      ],
    });
  });

  test("of one quantity share a chart, under the words of the field", () => {
    const names = [
      "loss",
      "loss/cross-entropy",
      "loss/pram",
      "density/relu1",
      "density/relu2",
      "kept",
      "waiting",
      "odd-one",
    ];
    expect(
      charts(names.map((name) => series(name, [1]))).map(({ title, unit, names }) => [title, unit, ...names]),
    ).toEqual([
      ["Loss", "", "loss"],
      ["Loss by term", "", "cross-entropy", "PRAM"],
      ["Density by layer", "", "relu1", "relu2"],
      ["ReLUs kept", "", "kept"],
      ["Waiting for data", "%", "waiting"],
      ["Odd one", "", "odd-one"],
    ]);
  });
});
