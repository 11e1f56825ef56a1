import * as tf from "@tensorflow/tfjs-core";

/** Below this a variance counts as this: c₂ = φ/(2σ) would grow without bound (the authors of AutoReP clip at 0.04). */
const leastVariance = 0.04;

/**
 * The polynomial of degree 2 nearest to ReLU in mean square under x ~ N(μ, σ²), for each channel. With a = μ/σ, the
 * normal density φ = φ(a) and distribution Φ = Φ(a), projecting relu(μ + σt) on 1, t and t² − 1 gives
 * c₂ = φ/(2σ), c₁ = Φ − aφ, c₀ = φ·(σ + aμ)/2; at μ = 0, σ = 1 that is 0.1995 + 0.5x + 0.1995x².
 * @param mean [c]
 * @param variance [c]
 * @returns [3, c]: c₀, c₁, c₂
 */
export const gaussianFit = (mean: tf.Tensor, variance: tf.Tensor): tf.Tensor2D =>
  tf.tidy(() => {
    const sigma = tf.sqrt(tf.maximum(variance, leastVariance));
    const a = tf.div(mean, sigma);
    const density = tf.mul(tf.exp(tf.mul(tf.square(a), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    const distribution = tf.mul(tf.add(tf.erf(tf.mul(a, Math.SQRT1_2)), 1), 0.5);
    const c0 = tf.mul(density, tf.mul(tf.add(sigma, tf.mul(a, mean)), 0.5));
    const c1 = tf.sub(distribution, tf.mul(a, density));
    const c2 = tf.div(density, tf.mul(sigma, 2));
    return tf.stack([c0, c1, c2]) as tf.Tensor2D;
  });
