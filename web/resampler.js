// What a sound card or a browser gives, at any rate, as the 16 kHz that a model hears. In floating point: the words are those
// of the commands, the bits are not (the engine's own resampler is in integers; sound at 16 kHz passes through as it is).

const LOBES = 24; // zero crossings of the low-pass to either side, at the lower of the two rates
const BETA = 8; // of the Kaiser window: 80 dB
const PASS = 0.92; // of half the lower rate

const gcd = (a, b) => (b ? gcd(b, a % b) : a);

/** Bessel function I0. */
function bessel(x) {
  let sum = 1;
  for (let term = 1, k = 1; term > 1e-12 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

/** One stream of sound from one rate to another. Allocates when it is made, and where a longer block comes than before. */
export class Resampler {
  /** from, to: samples a second. */
  constructor(from, to = 16000) {
    for (const rate of [from, to]) {
      if (!Number.isInteger(rate) || rate < 1 || rate > 768000) throw new RangeError(`${rate} Hz: not 1 to 768000`);
    }
    const common = gcd(from, to);
    this._up = to / common;
    this._down = from / common;
    this._passes = from === to;
    const cutoff = PASS * Math.min(1, to / from); // of half the input's rate
    this._half = Math.ceil(LOBES / Math.min(1, to / from));
    const taps = 2 * this._half;
    // Row p: the taps for an output that lies p / up of a sample behind the input sample in the middle.
    this._bank = new Float32Array(this._up * taps);
    for (let p = 0; p < this._up; p++) {
      let sum = 0;
      const row = this._bank.subarray(p * taps, (p + 1) * taps);
      for (let k = 0; k < taps; k++) {
        const x = k - this._half + 1 - p / this._up;
        const edge = 1 - (x / this._half) ** 2;
        const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
        row[k] = edge > 0 ? (sinc * bessel(BETA * Math.sqrt(edge))) / bessel(BETA) : 0;
        sum += row[k];
      }
      for (let k = 0; k < taps; k++) row[k] /= sum;
    }
    this._taps = taps;
    this.reset();
  }

  /** Forgets all sound, as if new. */
  reset() {
    this._history = new Float32Array(this._taps - 1 + 1024);
    this._filled = this._half - 1; // zeros before the first sample
    this._phase = 0;
    this._out = new Float32Array(0);
  }

  /** The next samples, as floats; a view of what they become, which the next call overwrites. */
  process(samples) {
    if (samples instanceof Int16Array) throw new TypeError("samples must be floats with full scale 1");
    if (this._passes) return samples;
    if (this._filled + samples.length > this._history.length) {
      const longer = new Float32Array(this._filled + samples.length);
      longer.set(this._history.subarray(0, this._filled));
      this._history = longer;
    }
    this._history.set(samples, this._filled);
    this._filled += samples.length;
    const most = Math.ceil((samples.length * this._up) / this._down) + 1;
    if (this._out.length < most) this._out = new Float32Array(most);
    let at = 0;
    let count = 0;
    while (at + this._taps <= this._filled) {
      const row = this._phase * this._taps;
      let sum = 0;
      for (let k = 0; k < this._taps; k++) sum += this._bank[row + k] * this._history[at + k];
      this._out[count++] = sum;
      this._phase += this._down;
      at += Math.floor(this._phase / this._up);
      this._phase %= this._up;
    }
    this._history.copyWithin(0, at, this._filled);
    this._filled -= at;
    return this._out.subarray(0, count);
  }
}
