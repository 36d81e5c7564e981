// check_browser.mjs FOLDER EXPECTED [PICTURE]: the page of build_web.sh in Chromium. EXPECTED has what check_web.sh made: its
// microphone plays microphone.wav (48 kHz) once, and the demo's words must appear; then those of the demo itself; then, with another
// model, of right.wav, which has all sound in the right channel. PICTURE: a PNG of the page. Speaks to chromedriver (WebDriver, W3C).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import { extname, join, resolve } from "node:path";

const [folder, expected] = process.argv.slice(2, 4).map((each) => resolve(each));
const microphone = join(expected, "microphone.wav");
const picture = process.argv[4];
const words = (await readFile("models/demo.csv", "utf8")).trim().split("\n").slice(1).map((line) => line.split(",")[2]);
const kinds = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const server = createServer(async (request, response) => {
  const path = request.url === "/" ? "/index.html" : request.url;
  try {
    const content = await readFile(join(folder, path.replaceAll("..", "")));
    response.writeHead(200, { "content-type": kinds[extname(path)] ?? "application/octet-stream" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const page = `http://127.0.0.1:${server.address().port}/`;

const driver = spawn("chromedriver", ["--port=0"]);
const port = await new Promise((found, failed) => {
  driver.on("error", failed);
  driver.on("exit", (code) => failed(new Error(`chromedriver ended with ${code}`)));
  driver.stdout.on("data", (text) => {
    const match = /successfully on port (\d+)/.exec(text);
    if (match) found(match[1]);
  });
});
async function ask(method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${value.message}`);
  return value;
}
const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

let failure;
try {
  const flags = [
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    `--use-file-for-fake-audio-capture=${microphone}%noloop`, "--window-size=720,900",
  ];
  const wanted = { alwaysMatch: { "goog:chromeOptions": { args: flags } } };
  const { sessionId, capabilities } = await ask("POST", "/session", { capabilities: wanted });
  const run = (script) => ask("POST", `/session/${sessionId}/execute/sync`, { script, args: [] });
  const click = async (id) => {
    await until(`the button ${id}`, 10, () => run(`return !document.getElementById("${id}").disabled`));
    // A user's click, without which a page may not play.
    const found = await ask("POST", `/session/${sessionId}/element`, { using: "css selector", value: `#${id}` });
    await ask("POST", `/session/${sessionId}/element/${Object.values(found)[0]}/click`, {});
  };
  const state = () => run('return document.getElementById("state").textContent');
  const heard = () =>
    run('return Array.from(document.getElementById("heard").rows, (row) => row.cells[1].textContent).reverse()');
  const until = async (what, seconds, holds) => {
    for (let left = 10 * seconds; left > 0; left--, await pause(0.1)) if (await holds()) return;
    throw new Error(`${what}: not within ${seconds} s; the page says '${await state()}' and heard '${await heard()}'`);
  };

  await ask("POST", `/session/${sessionId}/url`, { url: page });
  await until("the words", 10, () => run('return document.querySelectorAll("#words li").length === 12'));
  await click("listen");
  await until("the microphone", 10, async () => (await state()).startsWith("Listening."));
  await until("the microphone's words", 40, async () => (await heard()).length >= words.length);
  assert.deepEqual(await heard(), words);
  if (picture) await writeFile(picture, Buffer.from(await ask("GET", `/session/${sessionId}/screenshot`), "base64"));
  await click("listen");
  await until("the end", 10, async () => (await state()) === "Not listening.");
  console.log(`Chromium ${capabilities.browserVersion}: heard ${words.join(" ")} from the microphone`);

  await click("demo");
  await until("the demo's end", 40, async () => (await state()) === "the demo has ended.");
  assert.deepEqual(await heard(), [...words, ...words]);
  console.log("Chromium: heard the same in the demo");

  const give = async (id, path) => {
    const found = await ask("POST", `/session/${sessionId}/element`, { using: "css selector", value: `#${id}` });
    await ask("POST", `/session/${sessionId}/element/${Object.values(found)[0]}/value`, { text: resolve(path) });
  };
  await give("model", "models/demo.csv");
  await until("a refused model", 10, async () => /^demo.csv: this is no (whole )?model file/.test(await state()));
  await give("sound", "models/demo.csv");
  await until("a refused sound", 10, async () => (await state()) === "demo.csv: this browser cannot read it as sound");
  await give("model", "models/kws12-stream.silif");
  await until("another model", 10, async () => (await state()).startsWith("kws12-stream.silif is there."));
  await give("sound", join(expected, "right.wav"));
  await until("a sound file's end", 40, async () => (await state()) === "right.wav has ended.");
  assert.deepEqual((await heard()).slice(2 * words.length), words);
  // That it was the other one its scores tell: its threshold is 0.80, that of kws12 0.92.
  const scores = await run('return Array.from(document.getElementById("heard").rows, (row) => Number(row.cells[2].textContent))');
  assert.ok(scores.slice(0, words.length).every((score) => score < 0.9) && scores.slice(words.length).every((score) => score > 0.9));
  console.log("Chromium: a file that is no model and one that is no sound are refused; another model hears the right channel");
  await ask("DELETE", `/session/${sessionId}`);
} catch (error) {
  failure = error;
}
driver.kill();
server.close();
if (failure) {
  console.error(`check_browser: ${failure.message}`);
  process.exit(1);
}
