import { sliceStride } from "./bits.ts";
import { labelBytes, labelWords } from "./labels.ts";

/** Where a gate's wires lie, and its table: byte offsets. */
export interface AndPlaces {
  /** Blocks of a ⊕ c and of b ⊕ c, and AES of them; when garbling those for 0 of all units, then those for 1. */
  blocksOfA: number;
  blocksOfB: number;
  encryptedOfA: number;
  encryptedOfB: number;
  /** T_G and T_E of each unit in turn. */
  table: number;
  a: number;
  b: number;
  c: number;
  out: number;
}

/**
 * The loops of garbling over a chunk's units, on byte offsets into one memory. Labels of one wire lie one after another, one
 * a unit; `out` may be where an operand lies. Two implementations give the same bytes.
 */
export interface LabelKernels {
  /** The memory, of at least so many bytes. What it held is lost; what was taken of it is no longer valid. */
  reserve(bytes: number): ArrayBuffer;
  /** out = a ⊕ b */
  xor(out: number, a: number, b: number, units: number): void;
  /** out = a ⊕ the one label at `label` */
  xorConstant(out: number, a: number, label: number, units: number): void;
  /** A gate's blocks σ(a ⊕ c) and σ(b ⊕ c), which are encrypted for the hashes H(a ⊕ c) and H(b ⊕ c): the two are added where a gate's are */
  blocks(places: AndPlaces, units: number): void;
  /** out = σ(x ⊕ c) of all units, then σ(x ⊕ c ⊕ Δ) of all; Δ is the label at `delta`. */
  blocksOfBoth(out: number, x: number, c: number, delta: number, units: number): void;
  /**
   * One AND at the garbler: the table's halves are T_G = H(a₀) ⊕ H(a₁) ⊕ p_b·Δ and T_E = H(b₀) ⊕ H(b₁) ⊕ a₀, and
   * out₀ = H(a₀) ⊕ p_a·T_G ⊕ H(b₀) ⊕ p_b·(T_E ⊕ a₀), with c added to a, b and out. Δ is the label at `delta`.
   */
  garbleAnd(places: AndPlaces, delta: number, units: number): void;
  /** One AND at the evaluator: out = H(a) ⊕ s_a·T_G ⊕ H(b) ⊕ s_b·(T_E ⊕ a), with c added to a, b and out. */
  evaluateAnd(places: AndPlaces, units: number): void;
  /** The colors of a wire's labels as a bit slice, what is left of its last word 0. */
  colors(out: number, wire: number, units: number): void;
}

/** The kernels in JavaScript: the oracle of others. */
export class JavascriptKernels implements LabelKernels {
  #words = new Int32Array(0);

  reserve(bytes: number): ArrayBuffer {
    if (this.#words.byteLength < bytes) this.#words = new Int32Array(Math.ceil(bytes / 4));
    return this.#words.buffer;
  }

  xor(out: number, a: number, b: number, units: number): void {
    const words = this.#words;
    const [to, from, other] = [out >> 2, a >> 2, b >> 2];
    for (let i = 0; i < units * labelWords; i++) {
      words[to + i] = (words[from + i] as number) ^ (words[other + i] as number);
    }
  }

  xorConstant(out: number, a: number, label: number, units: number): void {
    const words = this.#words;
    const [to, from, constant] = [out >> 2, a >> 2, label >> 2];
    for (let i = 0; i < units * labelWords; i++) {
      words[to + i] = (words[from + i] as number) ^ (words[constant + (i & 3)] as number);
    }
  }

  blocks({ blocksOfA, blocksOfB, a, b, c }: AndPlaces, units: number): void {
    this.#blocksOf(blocksOfA, a, c, units);
    this.#blocksOf(blocksOfB, b, c, units);
  }

  #blocksOf(out: number, x: number, c: number, units: number): void {
    const words = this.#words;
    for (let unit = 0; unit < units; unit++) {
      const at = unit * labelWords;
      const [to, from, shift] = [(out >> 2) + at, (x >> 2) + at, (c >> 2) + at];
      const left = (words[from] as number) ^ (words[shift] as number);
      const leftHigh = (words[from + 1] as number) ^ (words[shift + 1] as number);
      words[to] = left ^ (words[from + 2] as number) ^ (words[shift + 2] as number);
      words[to + 1] = leftHigh ^ (words[from + 3] as number) ^ (words[shift + 3] as number);
      words[to + 2] = left;
      words[to + 3] = leftHigh;
    }
  }

  blocksOfBoth(out: number, x: number, c: number, delta: number, units: number): void {
    const ones = out + units * labelBytes;
    this.xorConstant(ones, x, delta, units);
    this.#blocksOf(ones, ones, c, units);
    this.#blocksOf(out, x, c, units);
  }

  garbleAnd(places: AndPlaces, delta: number, units: number): void {
    const words = this.#words;
    const length = units * labelWords;
    const { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table, a, b, c, out } = inWords(places);
    const hash = (block: number, encrypted: number) => (words[block] as number) ^ (words[encrypted] as number);
    for (let i = 0; i < length; i += labelWords) {
      const colorA = -(((words[a + i] as number) ^ (words[c + i] as number)) & 1);
      const colorB = -(((words[b + i] as number) ^ (words[c + i] as number)) & 1);
      for (let w = i; w < i + labelWords; w++) {
        const shift = words[c + w] as number;
        const zeroA = (words[a + w] as number) ^ shift;
        const ofA = hash(blocksOfA + w, encryptedOfA + w);
        const ofB = hash(blocksOfB + w, encryptedOfB + w);
        const deltaWord = words[(delta >> 2) + (w & 3)] as number;
        const generator = ofA ^ hash(blocksOfA + length + w, encryptedOfA + length + w) ^ (colorB & deltaWord);
        const difference = ofB ^ hash(blocksOfB + length + w, encryptedOfB + length + w);
        words[table + i + w] = generator;
        words[table + i + labelWords + w] = difference ^ zeroA;
        words[out + w] = ofA ^ (colorA & generator) ^ ofB ^ (colorB & difference) ^ shift;
      }
    }
  }

  evaluateAnd(places: AndPlaces, units: number): void {
    const words = this.#words;
    const { blocksOfA, blocksOfB, encryptedOfA, encryptedOfB, table, a, b, c, out } = inWords(places);
    const hash = (block: number, encrypted: number) => (words[block] as number) ^ (words[encrypted] as number);
    for (let i = 0; i < units * labelWords; i += labelWords) {
      const colorA = -(((words[a + i] as number) ^ (words[c + i] as number)) & 1);
      const colorB = -(((words[b + i] as number) ^ (words[c + i] as number)) & 1);
      for (let w = i; w < i + labelWords; w++) {
        const shift = words[c + w] as number;
        const ofTable = (words[table + i + labelWords + w] as number) ^ (words[a + w] as number) ^ shift;
        const generatorHalf = hash(blocksOfA + w, encryptedOfA + w) ^ (colorA & (words[table + i + w] as number));
        words[out + w] = generatorHalf ^ hash(blocksOfB + w, encryptedOfB + w) ^ (colorB & ofTable) ^ shift;
      }
    }
  }

  colors(out: number, wire: number, units: number): void {
    const words = this.#words;
    words.fill(0, out >> 2, (out >> 2) + sliceStride(units));
    for (let unit = 0; unit < units; unit++) {
      const color = (words[(wire >> 2) + unit * labelWords] as number) & 1;
      const word = (out >> 2) + (unit >> 5);
      words[word] = (words[word] as number) | (color << (unit & 31));
    }
  }
}

const inWords = (places: AndPlaces): AndPlaces => ({
  blocksOfA: places.blocksOfA >> 2,
  blocksOfB: places.blocksOfB >> 2,
  encryptedOfA: places.encryptedOfA >> 2,
  encryptedOfB: places.encryptedOfB >> 2,
  table: places.table >> 2,
  a: places.a >> 2,
  b: places.b >> 2,
  c: places.c >> 2,
  out: places.out >> 2,
});
