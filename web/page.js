// The page of index.html: buttons, words, and what was heard.
import { Listener } from "./listener.js";
import { KeywordSpotter, SilifError } from "./silif.js";

const MODEL = "kws12.silif";
const LIT_MS = 1200; // how long a word that was heard stands out
const MOST_ROWS = 200;

const element = (id) => document.getElementById(id);
const state = element("state");
let listener = null;
let model = null; // bytes of the model that was chosen
let threshold = null;
let chips = [];

function say(text, failed = false) {
  state.textContent = text;
  state.classList.toggle("failed", failed);
}

function refuse(error) {
  const refused = error.name === "NotAllowedError" ? "The microphone was refused. Allow it for this page." : null;
  const missing = error.name === "NotFoundError" ? "There is no microphone." : null;
  say(refused ?? missing ?? `${error.message}`, true);
}

/** A file of the page's folder. */
async function part(file) {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file} answered ${answer.status}: build the folder with "make web"`);
  return answer.arrayBuffer();
}

async function modelBytes() {
  return (model ??= await part(MODEL));
}

function show({ word, score, probability, time_s }) {
  const row = element("heard").insertRow(0);
  const sure = probability === null ? "" : `${Math.round(100 * probability)} %`;
  for (const text of [`${time_s.toFixed(2)} s`, word, score.toFixed(2), sure]) row.insertCell().textContent = text;
  while (element("heard").rows.length > MOST_ROWS) element("heard").deleteRow(-1);
  const chip = chips.find((each) => each.textContent === word);
  chip?.classList.add("heard");
  setTimeout(() => chip?.classList.remove("heard"), LIT_MS);
}

function showWords(words) {
  chips = words.map((word) => Object.assign(document.createElement("li"), { textContent: word }));
  element("words").replaceChildren(...chips);
}

/** Shows the model's words; rejected where it is refused. */
async function check() {
  const spotter = await KeywordSpotter.open(part("silif.wasm"), modelBytes());
  if (!spotter.sampleRate) throw new SilifError("SILIF_ERROR_NO_FRONT_END");
  showWords(spotter.words);
}

/** A listener to the model, which is the page's from then on. */
async function open() {
  await close();
  const mine = await Listener.open({ wasm: part("silif.wasm"), model: modelBytes(), threshold });
  listener = mine;
  showWords(mine.words);
  if (threshold !== null) mine.setThreshold(threshold); // it may have moved meanwhile
  mine.onword = show;
  mine.onfailure = async (error) => {
    if (listener === mine) await close();
    refuse(error);
  };
  mine.onprobabilities = (found) => found.forEach((p, k) => chips[k].style.setProperty("--p", p));
  element("listen").textContent = "Stop";
  return mine;
}

async function close(text = "Not listening.") {
  const ended = listener;
  listener = null;
  element("listen").textContent = "Listen";
  await ended?.close();
  chips.forEach((chip) => chip.style.setProperty("--p", 0));
  say(text);
}

async function play(sound, title) {
  const mine = await open();
  const { context } = mine;
  const source = context.createBufferSource();
  try {
    source.buffer = await context.decodeAudioData(sound);
  } catch {
    throw new Error(`${title}: this browser cannot read it as sound`);
  }
  mine.hear(source);
  source.connect(context.destination);
  source.onended = () => listener === mine && close(`${title} has ended.`);
  source.start();
  await context.resume();
  say(`Listening to ${title}.`);
}

/** A click's work: one at a time, and what fails is said. */
function on(id, kind, work) {
  element(id).addEventListener(kind, async (event) => {
    const buttons = document.querySelectorAll("button, .controls input");
    buttons.forEach((button) => (button.disabled = true));
    try {
      await work(event);
    } catch (error) {
      await close();
      refuse(error);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
    }
  });
}

on("listen", "click", async () => {
  if (listener) return close();
  await (await open()).microphone();
  say("Listening. Say one of these words.");
});
on("demo", "click", async () => {
  await play(await part("demo.flac"), "the demo");
});
on("sound", "change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (file) await play(await file.arrayBuffer(), file.name);
});
on("model", "change", async ({ target }) => {
  const [file] = target.files;
  target.value = "";
  if (!file) return;
  const before = model;
  await close();
  try {
    model = await file.arrayBuffer();
    await check();
  } catch (error) {
    model = before;
    throw new Error(`${file.name}: ${error.message}`);
  }
  say(`${file.name} is there. Not listening.`);
});
element("threshold").addEventListener("input", ({ target }) => {
  threshold = Number(target.value);
  element("threshold-value").textContent = threshold.toFixed(2);
  listener?.setThreshold(threshold);
});

check().catch(refuse);
