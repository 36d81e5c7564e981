// silif in a browser, a worker, an AudioWorklet or Node: the C interface (Sources/CSiLIF/silif.h) as WebAssembly.
//
//     import { KeywordSpotter } from "./silif.js";
//
//     const spotter = await KeywordSpotter.open(fetch("silif.wasm"), fetch("kws12.silif"));
//     for (const { word, time_s } of spotter.process(samples)) console.log(time_s, word);
//
// Everything is allocated when a spotter is opened. Nothing is fetched or sent by it.
//
// Twins: Sources/CSiLIF/silif.h

const PAGE = 65536;
const MEMORY_ALIGNMENT = 64;
const MODEL_ALIGNMENT = 16;
const BLOCK = 4096; // samples that are copied into the engine's memory at a time
const FULL_SCALE = 32768;
const API_VERSION = 1;
const DIGEST_START = 0xcbf29ce484222325n;

// Sizes of the structures of silif.h where an address has 32 bits, rounded up for what comes after them.
const SCRATCH = { failure: 24, memory: 24, description: 48, event: 24, clip: 16, out: 16, digest: 8 };

const REASONS = {
  SILIF_ERROR_ARGUMENT: "a number is outside its range",
  SILIF_ERROR_NO_FRONT_END: "this model takes frames, not sound",
  SILIF_ERROR_SELF_TEST: "this machine computes something else than the model's self-test says",
  SILIF_ERROR_TRUNCATED: "this is no whole model file",
  SILIF_ERROR_NOT_A_MODEL: "this is no model file",
  SILIF_ERROR_UNSUPPORTED_VERSION: "this model's format is of another version",
  SILIF_ERROR_DAMAGED: "this model file is damaged: its checksum does not match",
  SILIF_ERROR_OUT_OF_RANGE: "this model file is wrong: a value is outside its range",
  SILIF_ERROR_INCONSISTENT: "this model file is wrong: two of its fields contradict each other",
  SILIF_ERROR_MISSING: "this model file is wrong: a section is absent",
};

/** Why a model was refused, or a call: code is the constant's name in silif.h, field names the model file's field. */
export class SilifError extends Error {
  constructor(code, field, layer = -1, value = 0n) {
    const place = field ? `, ${field}${layer >= 0 ? ` of layer ${layer}` : ""}` : "";
    const found = value !== 0n ? `, found ${value}` : "";
    super(`${REASONS[code] ?? "this cannot be"} (${code}${place}${found})`);
    this.name = "SilifError";
    Object.assign(this, { code, field, layer, value });
  }
}

const aligned = (address, alignment) => Math.ceil(address / alignment) * alignment;

/** What fetch gives, as an ArrayBuffer; anything else as it is. `what` names it where it is not there. */
async function bytesOf(source, what) {
  const found = await source;
  if (typeof Response !== "undefined" && found instanceof Response) {
    if (!found.ok) throw new Error(`${what}: ${found.url} answered ${found.status} ${found.statusText}`);
    return found.arrayBuffer();
  }
  return found;
}

/** [WebAssembly.Module, bytes of the model] of what `open` takes. */
export async function partsOf(wasm, model) {
  const [code, bytes] = await Promise.all([bytesOf(wasm, "silif.wasm"), bytesOf(model, "the model")]);
  return [code instanceof WebAssembly.Module ? code : await WebAssembly.compile(code), bytes];
}

/** Samples of any kind as 16 bits. Floats are full scale 1: times 32768, rounded half up, clamped, as in silif.h. */
function sampleOf(value) {
  const rounded = Math.floor(value * FULL_SCALE + 0.5);
  return rounded < -FULL_SCALE ? -FULL_SCALE : rounded > FULL_SCALE - 1 ? FULL_SCALE - 1 : rounded;
}

export function checkThreshold(threshold) {
  if (!(threshold >= 0 && threshold <= 1)) throw new RangeError(`threshold must be 0 to 1, not ${threshold}`);
}

/** One engine with one model. Two may run side by side; each has a memory of its own. */
export class KeywordSpotter {
  /**
   * @param wasm   silif.wasm: a Response or a promise of one, its bytes, or a WebAssembly.Module
   * @param model  a .silif file: a Response or a promise of one, or its bytes
   * @returns a promise of a KeywordSpotter; rejected with a SilifError where the model is refused
   */
  static async open(wasm, model) {
    return new KeywordSpotter(...(await partsOf(wasm, model)));
  }

  /** The same at once, where `WebAssembly.Module` and bytes are there already, as in an AudioWorklet. */
  constructor(module, model) {
    const bytes = ArrayBuffer.isView(model)
      ? new Uint8Array(model.buffer, model.byteOffset, model.byteLength)
      : new Uint8Array(model);
    this._c = new WebAssembly.Instance(module, {}).exports;
    if (this._c.silif_api_version() !== API_VERSION) {
      throw new Error(`silif.wasm has version ${this._c.silif_api_version()} of the interface, silif.js ${API_VERSION}`);
    }
    let at = aligned(this._c.__heap_base.value, MEMORY_ALIGNMENT);
    this._at = {};
    for (const [name, size] of Object.entries(SCRATCH)) {
      this._at[name] = at;
      at += size;
    }
    this._model = aligned(at, MODEL_ALIGNMENT);
    this._reach(this._model + bytes.length);
    new Uint8Array(this._c.memory.buffer, this._model, bytes.length).set(bytes);
    this._check(this._c.silif_plan_memory(this._model, bytes.length, this._at.memory, this._at.failure), true);
    const total = this._memory.getUint32(this._at.memory, true);
    const memory = aligned(this._model + bytes.length, MEMORY_ALIGNMENT);
    this._samples = aligned(memory + total, MEMORY_ALIGNMENT);
    this._reach(this._samples + 2 * BLOCK);
    this._check(
      this._c.silif_open(this._model, bytes.length, memory, total, this._at.out, this._at.failure),
      true,
    );
    this._engine = this._memory.getUint32(this._at.out, true);
    this._c.silif_describe(this._engine, this._at.description);
    const number = (index) => this._memory.getInt32(this._at.description + 4 * index, true);
    /** Samples a second that process and score take; 0 where the model takes frames alone. */
    this.sampleRate = number(0);
    /** Seconds of a step of the network. */
    this.stepSeconds = number(3) / 1e6;
    /** Bytes of RAM that the engine takes, beside the model. */
    this.memoryBytes = total;
    /** Names of the classes, and whether each is reported as an event. */
    this.words = Array.from({ length: number(7) }, (_, index) => this._word(index));
    this.keywords = this.words.filter((_, index) => this._c.silif_is_keyword(this._engine, index) === 1);
  }

  /** Makes the memory reach to this address. Growing ends all views of it. */
  _reach(end) {
    const missing = Math.ceil((end - this._c.memory.buffer.byteLength) / PAGE);
    if (missing > 0) this._c.memory.grow(missing);
    this._memory = new DataView(this._c.memory.buffer);
    if (this._samples) this._block = new Int16Array(this._c.memory.buffer, this._samples, BLOCK);
  }

  /** A string of the engine's memory, ended by a zero or of this length. An AudioWorklet has no TextDecoder. */
  _text(address, length = -1) {
    const bytes = new Uint8Array(this._c.memory.buffer, address);
    const end = length < 0 ? bytes.indexOf(0) : length;
    const escaped = Array.from(bytes.subarray(0, end), (byte) => `%${byte.toString(16).padStart(2, "0")}`);
    return decodeURIComponent(escaped.join(""));
  }

  _word(index) {
    const address = this._c.silif_word(this._engine, index, this._at.out);
    return this._text(address, this._memory.getUint32(this._at.out, true));
  }

  _check(code, hasFailure = false) {
    if (code === 0) return;
    const name = this._text(this._c.silif_error_name(code));
    if (!hasFailure) throw new SilifError(name);
    const field = this._memory.getUint32(this._at.failure + 16, true);
    const layer = this._memory.getInt32(this._at.failure + 4, true);
    throw new SilifError(name, field ? this._text(field) : undefined, layer, this._memory.getBigInt64(this._at.failure + 8, true));
  }

  /** Copies samples from `from` on into the engine's memory; how many. */
  _take(samples, from) {
    const count = Math.min(BLOCK, samples.length - from);
    if (samples instanceof Int16Array) this._block.set(samples.subarray(from, from + count));
    else for (let k = 0; k < count; k++) this._block[k] = sampleOf(samples[from + k]);
    return count;
  }

  /** Gives all samples to a function of silif.h that takes some; then `seen` looks at the event, each time. */
  _push(samples, take, seen) {
    for (let from = 0; from < samples.length; ) {
      const count = this._take(samples, from);
      for (let at = 0; at < count; ) {
        this._check(take(this._engine, this._samples + 2 * at, count - at, this._at.out, this._at.event));
        at += this._memory.getUint32(this._at.out, true);
        seen();
      }
      from += count;
    }
  }

  _needs(samples) {
    if (!(samples instanceof Int16Array || samples instanceof Float32Array || samples instanceof Float64Array)) {
      throw new TypeError("samples must be an Int16Array, or a Float32Array or Float64Array with full scale 1");
    }
    if (!this.sampleRate) throw new SilifError("SILIF_ERROR_NO_FRONT_END");
    if (samples instanceof Int16Array) return;
    // Before any is heard: what was heard would be lost.
    for (let k = 0; k < samples.length; k++) {
      if (!Number.isFinite(samples[k])) throw new SilifError("SILIF_ERROR_ARGUMENT", `samples[${k}]`);
    }
  }

  /**
   * Hears the next samples, of any number, at `sampleRate`, one channel.
   *
   * @returns the words heard in them: `{ word, score, probability, sample, time_s }`. score: 0 to 1 (docs/SCORING.md);
   *   probability: how sure to be, or null where the model does not say; sample, time_s: since the spotter was opened
   */
  process(samples) {
    this._needs(samples);
    const events = [];
    this._push(samples, this._c.silif_hear, () => {
      const word = this._memory.getInt32(this._at.event + 4, true);
      if (word >= 0) events.push(this._event(word));
    });
    return events;
  }

  _event(word) {
    const sample = Number(this._memory.getBigInt64(this._at.event + 16, true));
    return {
      word: this.words[word],
      score: this._memory.getInt32(this._at.event + 8, true) / FULL_SCALE,
      probability: this._probability(this._c.silif_event_probability_q15(this._engine)),
      sample,
      time_s: sample / this.sampleRate,
    };
  }

  _probability(q15) {
    return q15 < 0 ? null : q15 / FULL_SCALE;
  }

  /**
   * Scores a clip by itself, as kws-score does, and forgets what was heard before.
   *
   * @returns `{ word, scores, probability, spikes }`; scores by word, 0 to 1
   */
  score(samples) {
    this._needs(samples);
    // A clip may be longer than the block: it lies behind it, in memory that is given once.
    const sums = this._samples + 2 * BLOCK;
    const clip = sums + 8 * this.words.length;
    this._reach(clip + 2 * samples.length);
    const place = new Int16Array(this._c.memory.buffer, clip, samples.length);
    place.set(samples instanceof Int16Array ? samples : Int16Array.from(samples, sampleOf));
    this._check(this._c.silif_score_clip(this._engine, clip, samples.length, sums, this._at.clip));
    const steps = this._memory.getUint32(this._at.clip + 4, true);
    const scores = this.words.map((word, index) => {
      const sum = Number(this._memory.getBigInt64(sums + 8 * index, true));
      return [word, steps ? sum / FULL_SCALE / steps : 0];
    });
    return {
      word: this.words[this._memory.getInt32(this._at.clip, true)],
      scores: Object.fromEntries(scores),
      probability: this._probability(this._c.silif_clip_probability_q15(this._engine, sums, this._at.clip)),
      spikes: Number(this._memory.getBigUint64(this._at.clip + 8, true)),
    };
  }

  /** Forgets all that was heard, as after lost samples; the count of samples goes on. */
  reset() {
    this._check(this._c.silif_reset(this._engine));
  }

  /** Reports a word from this score on, 0 to 1; without a word, all keywords. */
  setThreshold(threshold, word = undefined) {
    checkThreshold(threshold);
    if (word !== undefined && !this.words.includes(word)) {
      throw new RangeError(`no word '${word}'; the model has ${this.words.join(", ")}`);
    }
    for (const each of word === undefined ? this.keywords : [word]) {
      const index = this.words.indexOf(each);
      this._check(this._c.silif_set_threshold_q15(this._engine, index, Math.floor(threshold * FULL_SCALE + 0.5)));
    }
  }

  /** The probabilities of the last step, by class, 0 to 1: for a picture of what goes on. */
  probabilities() {
    const address = this._c.silif_probabilities_q15(this._engine);
    return Float32Array.from(new Uint16Array(this._c.memory.buffer, address, this.words.length), (p) => p / FULL_SCALE);
  }

  /**
   * Runs the model's self-test, and forgets what was heard.
   *
   * @returns the digest, as kws-model verify prints it; throws a SilifError where this machine computes anything else
   */
  verify() {
    this._check(this._c.silif_verify(this._engine, this._at.digest));
    return this._memory.getBigUint64(this._at.digest, true).toString(16).padStart(16, "0");
  }

  /** A digest of every step made of these samples, as examples/c/spot.c prints it: are the bits those of another machine? */
  digest(samples) {
    this._needs(samples);
    let digest = DIGEST_START;
    this._push(samples, this._c.silif_push_samples, () => {
      if (this._memory.getInt32(this._at.event, true)) digest = this._c.silif_digest(this._engine, digest);
    });
    return BigInt.asUintN(64, digest).toString(16).padStart(16, "0");
  }
}
