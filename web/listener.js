// A microphone, or any other node of the Web Audio API, as words: the spotter in an AudioWorklet.
//
//     const listener = await Listener.open({ wasm: fetch("silif.wasm"), model: fetch("kws12.silif") });
//     listener.onword = ({ word, time_s }) => console.log(time_s, word);
//     await listener.microphone();

/** Hears on the browser's audio thread. `wasm`, `model`: as KeywordSpotter.open takes them. */
export class Listener {
  /** Call it from a click: browsers let pages without one neither play nor listen. */
  static async open({ wasm, model, threshold = null, context = new AudioContext() }) {
    // Browsers leave it out of pages that came over plain http from another machine, the microphone too.
    if (!context.audioWorklet) throw new Error("browsers let a page listen only over https, or from localhost");
    const [code, network] = await Promise.all([bytes(wasm), bytes(model)]);
    await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
    const options = { module: await WebAssembly.compile(code), model: network, threshold };
    const node = new AudioWorkletNode(context, "silif-listener", { numberOfOutputs: 0, processorOptions: options });
    return new Listener(context, node);
  }

  constructor(context, node) {
    this.context = context;
    this.node = node;
    /** Called with each event, as KeywordSpotter.process gives them. */
    this.onword = () => {};
    /** Called with the probabilities of the classes, 20 times a second. */
    this.onprobabilities = () => {};
    /** Called where the audio thread's part has ended by an error. */
    this.onfailure = () => {};
    node.port.onmessage = ({ data }) => (data.event ? this.onword(data.event) : this.onprobabilities(data.probabilities));
    node.onprocessorerror = () => this.onfailure(new Error("the audio thread's part ended by an error"));
  }

  /** Listens to the microphone; rejected where the user or the browser refuses it. */
  async microphone() {
    // What makes a voice nicer for people makes it another one for a network.
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    this.hear(this.context.createMediaStreamSource(this.stream));
    await this.context.resume();
  }

  /** Listens to any node. */
  hear(source) {
    this.source?.disconnect(this.node);
    this.source = source;
    source.connect(this.node);
  }

  setThreshold(threshold) {
    this.node.port.postMessage({ threshold });
  }

  /** Lets go of the microphone. */
  async close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    await this.context.close();
  }
}

async function bytes(source) {
  const found = await source;
  if (!(found instanceof Response)) return found;
  if (!found.ok) throw new Error(`${found.url} answered ${found.status} ${found.statusText}`);
  return found.arrayBuffer();
}
