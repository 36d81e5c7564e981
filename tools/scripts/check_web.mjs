// check_web.mjs FOLDER EXPECTED: the library of build_web.sh in Node against what the commands of this machine gave, which
// check_web.sh left in the folder EXPECTED: the same bits, words, scores and refusals.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const [folder, expected] = process.argv.slice(2).map((each) => resolve(each));
const { KeywordSpotter, SilifError } = await import(join(folder, "silif.js"));
const { Resampler } = await import(join(folder, "resampler.js"));
const wasm = readFileSync(join(folder, "silif.wasm"));
const file = readFileSync(join(expected, "demo.raw"));
const demo = new Int16Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
const json = (name) => JSON.parse(readFileSync(join(expected, name), "utf8"));
const lines = (name) => readFileSync(join(expected, name), "utf8").trim().split("\n").map((line) => JSON.parse(line));
const open = (name) => KeywordSpotter.open(wasm, readFileSync(join("models", `${name}.silif`)));
const said = (events) => events.map(({ word }) => word);
const close = (one, other) => Math.abs(one - other) <= 0.0001;

// Every network that ships: its self-test, every bit of every step, and the events of kws-listen.
const names = readdirSync("models").filter((name) => name.endsWith(".silif")).map((name) => name.slice(0, -6));
assert.ok(names.includes("kws12") && names.length > 3);
for (const name of names) {
  const spotter = await open(name);
  assert.equal(spotter.verify(), json(`${name}.verify`).digest, name);
  assert.equal(spotter.digest(demo), readFileSync(join(expected, `${name}.digest`), "utf8").trim(), name);
  const fresh = await open(name);
  const events = fresh.process(demo);
  const wanted = lines(`${name}.events`).filter(({ event }) => event === "keyword");
  assert.ok(wanted.length > 1, name);
  assert.deepEqual(events.map(({ word, sample }) => [word, sample]), wanted.map(({ word, sample }) => [word, sample]), name);
  events.forEach(({ score, probability }, k) => {
    assert.ok(close(score, wanted[k].score), name);
    assert.ok(probability === (wanted[k].probability ?? null) || Math.abs(probability - wanted[k].probability) <= 0.001, name);
  });
}
console.log(`Node: ${names.length} networks compute the bits of this machine, and hear the same words`);

// Any block, any kind of number; nothing grows while it listens.
const spotter = await open("kws12");
const whole = spotter.process(demo);
for (const size of [1, 7, 128, 160, 5000, 100000]) {
  const other = await open("kws12");
  const before = other._c.memory.buffer.byteLength;
  const found = [];
  for (let at = 0; at < demo.length; at += size) found.push(...other.process(demo.subarray(at, at + size)));
  assert.deepEqual(found, whole);
  assert.equal(other._c.memory.buffer.byteLength, before);
}
for (const Kind of [Float32Array, Float64Array]) {
  assert.deepEqual((await open("kws12")).process(Kind.from(demo, (x) => x / 32768)), whole);
}
assert.deepEqual(spotter.process(new Int16Array(0)), []);

// What lies around a float's end, as silif_int16_from_float has it.
const edges = Float64Array.of(1, -1, 2, -2, 0.5 / 32768, -0.5 / 32768, 32767.5 / 32768, 1.4999 / 32768);
const [one, other] = [await open("kws12"), await open("kws12")];
const rounded = Int16Array.of(32767, -32768, 32767, -32768, 1, 0, 32767, 1);
const long = (samples) => samples.constructor.from({ length: 16000 }, (_, k) => samples[k % samples.length]);
assert.equal(one.digest(long(edges)), other.digest(long(rounded)));

// A reset is a fresh start, but for the count of samples.
spotter.reset();
const again = spotter.process(demo);
assert.deepEqual(said(again), said(whole));
assert.equal(again[0].sample, whole[0].sample + demo.length);

// Clips, as kws-score scores them, also one longer than all that was heard before.
for (const row of lines("clips")) {
  const bytes = readFileSync(row.path);
  const clip = new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length));
  const scored = spotter.score(clip);
  assert.equal(scored.word, row.word);
  assert.equal(scored.spikes, row.spikes);
  for (const [word, p] of Object.entries(row.probabilities)) assert.ok(close(scored.scores[word], p), word);
  assert.ok(Math.abs(scored.probability - row.probability) <= 0.001);
}
assert.equal(spotter.score(demo).word, lines("whole")[0].word);
spotter.reset();
assert.deepEqual(said(spotter.process(demo)), said(whole));

// Thresholds.
const strict = await open("kws12");
strict.setThreshold(1);
assert.deepEqual(said(strict.process(demo)), []);
strict.setThreshold(0.9, "yes");
assert.deepEqual(said(strict.process(demo)), ["yes"]);

// What is wrong is refused, by name.
const model = readFileSync("models/kws12.silif");
const damaged = Uint8Array.from(model);
damaged[5000] ^= 1;
const isDamaged = (error) => error instanceof SilifError && error.code === "SILIF_ERROR_DAMAGED";
await assert.rejects(KeywordSpotter.open(wasm, damaged), isDamaged);
await assert.rejects(KeywordSpotter.open(wasm, model.subarray(0, -1)), /no whole model file \(SILIF_ERROR_TRUNCATED, total_length/);
await assert.rejects(KeywordSpotter.open(wasm, new Uint8Array(0)), /SILIF_ERROR_TRUNCATED/);
await assert.rejects(KeywordSpotter.open(Promise.resolve(new Response("", { status: 404 })), model), /silif.wasm: .* 404/);
assert.throws(() => spotter.process([1, 2]), TypeError);
const broken = Float32Array.from({ length: 9000 }, (_, k) => (k === 8999 ? NaN : 0));
assert.throws(() => spotter.process(broken), /outside its range \(SILIF_ERROR_ARGUMENT, samples\[8999\]\)/);
assert.throws(() => spotter.process(Float32Array.of(0, NaN)), /outside its range \(SILIF_ERROR_ARGUMENT, samples\[1\]\)/);
assert.throws(() => spotter.setThreshold(1.5), /threshold must be 0 to 1, not 1.5/);
assert.throws(() => spotter.setThreshold(0.5, "maybe"), /no word 'maybe'; the model has yes, no/);
const frames = await KeywordSpotter.open(wasm, readFileSync("Tests/Fixtures/counts.silif"));
assert.throws(() => frames.process(demo), /SILIF_ERROR_NO_FRONT_END/);
console.log("Node: blocks, floats, clips, thresholds and refusals are those of the commands");

// The listener, in a browser of stand-ins: it lets go of microphone and context, whatever happens.
const { Listener } = await import(join(folder, "listener.js"));
class Context {
  static all = [];
  state = "running";
  audioWorklet = { addModule: async () => {} };
  constructor() {
    Context.all.push(this);
  }
  createMediaStreamSource = (stream) => new Source(stream);
  resume = async () => {};
  close = async () => assert.notEqual(this.state, (this.state = "closed"));
}
class Source {
  connect = (node) => (this.to = node);
  disconnect = (node) => assert.equal(node, this.to);
}
class Track {
  state = "live";
  stop = () => (this.state = "ended");
}
globalThis.AudioContext = Context;
globalThis.AudioWorkletNode = class {
  constructor(context, name, options) {
    Object.assign(this, { options, port: { postMessage: (data) => (this.posted = data) } });
  }
};
let grant; // what the user says to the last question
const devices = { getUserMedia: () => new Promise((resolve) => (grant = resolve)) };
Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: devices }, configurable: true });
const granted = async (listener) => {
  const [asked, track] = [listener.microphone(), new Track()];
  grant({ getTracks: () => [track] });
  await asked;
  return track;
};
const sources = { wasm, model };
await assert.rejects(Listener.open({ wasm, model: damaged }), isDamaged);
await assert.rejects(Listener.open({ wasm, model: readFileSync("Tests/Fixtures/counts.silif") }), /takes frames, not sound/);
assert.deepEqual(Context.all.map(({ state }) => state), ["closed", "closed"]);
await assert.rejects(Listener.open({ ...sources, threshold: 2 }), RangeError);
const listener = await Listener.open(sources);
assert.deepEqual(listener.words, spotter.words);
assert.deepEqual(listener._node.options.channelCountMode, "explicit");
assert.throws(() => listener.setThreshold(-1), RangeError);
listener.setThreshold(0.5);
assert.deepEqual(listener._node.posted, { threshold: 0.5 });
const first = await granted(listener);
const second = await granted(listener);
assert.deepEqual([first.state, second.state], ["ended", "live"]);
const failures = [];
listener.onfailure = ({ message }) => failures.push(message);
second.onended();
assert.deepEqual([failures, second.state], [["the microphone is gone"], "ended"]);
const third = await granted(listener);
listener._node.onprocessorerror();
assert.equal(third.state, "ended");
const late = listener.microphone();
await listener.close();
await listener.close();
const unwanted = new Track();
grant({ getTracks: () => [unwanted] });
await late;
assert.deepEqual([unwanted.state, listener.context.state], ["ended", "closed"]);
assert.throws(() => listener.hear(new Source()), /closed/);
const mine = new Context();
await (await Listener.open({ ...sources, context: mine })).close();
assert.equal(mine.state, "running");
console.log("Node: a listener lets go of the microphone and of its context, whatever happens");

// The resampler: tones stay as loud, what would fold down is gone, blocks do not matter, words stay where they are.
const tone = (hz, rate, count) => Float32Array.from({ length: count }, (_, k) => 0.5 * Math.sin((2 * Math.PI * hz * k) / rate));
const loudness = (x) => 20 * Math.log10(Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length) / (0.5 / Math.SQRT2));
for (const rate of [8000, 22050, 44100, 48000, 96000]) {
  const heard = (hz) => new Resampler(rate).process(tone(hz, rate, rate)).slice(1000, -1000);
  for (const hz of [100, 1000, 3000, ...(rate > 16000 ? [6500] : [])]) assert.ok(Math.abs(loudness(heard(hz))) < 0.05, `${rate} ${hz}`);
  if (rate > 20000) for (const hz of [9000, 10500]) assert.ok(loudness(heard(hz)) < -60, `${rate} ${hz}`);
  const sound = tone(440, rate, 3 * rate);
  const [whole, parts] = [new Resampler(rate).process(sound).slice(), []];
  const pieces = new Resampler(rate);
  for (let at = 0; at < sound.length; at += 128) parts.push(...pieces.process(sound.subarray(at, at + 128)));
  assert.deepEqual(Float32Array.from(parts), whole);
  assert.ok(Math.abs(whole.length - 48000) < 60, `${rate}: ${whole.length}`);
}
assert.throws(() => new Resampler(0), RangeError);
assert.throws(() => new Resampler(48000, 0), RangeError);
assert.throws(() => new Resampler(48000).process(demo), TypeError);
const louder = new Resampler(16000, 48000).process(Float32Array.from(demo, (x) => x / 32768)).slice();
const back = (await open("kws12")).process(new Resampler(48000).process(louder));
assert.deepEqual(said(back), said(whole));
back.forEach(({ time_s }, k) => assert.ok(Math.abs(time_s - whole[k].time_s) <= 0.03));
console.log("Node: sound at other rates is heard as at 16 kHz");

// Not a check: what it costs here.
const times = Array.from({ length: 9 }, () => {
  const begun = process.hrtime.bigint();
  spotter.process(demo);
  return Number(process.hrtime.bigint() - begun) / 1000 / (demo.length / 160);
}).sort((a, b) => a - b);
console.log(`Node: ${times[4].toFixed(1)} µs for 10 ms of sound with kws12, median of 9; ${wasm.length} bytes of code`);
