import { cyclic } from "./cyclic.ts";

/** Colors of a drawing. Any CSS color, custom properties (`var(--ink)`) included. */
export interface PlotTheme {
  background: string;
  ink: string;
  /** Secondary text, axes, the all-ReLU line. */
  muted: string;
  grid: string;
  /** Dominated points. */
  faint: string;
  /** One hue per method, in legend order; repeats when there are more methods. */
  hues: string[];
}

/** Okabe–Ito, the dark-enough hues first. */
export const lightTheme: PlotTheme = {
  background: "#ffffff",
  ink: "#1a1d21",
  muted: "#5c6470",
  grid: "#e6e8eb",
  faint: "#a3aab4",
  hues: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"],
};

/** Okabe–Ito, the light-enough hues first. */
export const darkTheme: PlotTheme = {
  background: "#14171a",
  ink: "#e8eaed",
  muted: "#9aa3ae",
  grid: "#2a2f35",
  faint: "#6b737d",
  hues: ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00"],
};

export const hueOf = (theme: PlotTheme, index: number): string => cyclic(theme.hues, index);
