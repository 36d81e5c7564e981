// A microphone, or any other node of the Web Audio API, as words: the spotter in an AudioWorklet.
//
//     const listener = await Listener.open({ wasm: fetch("silif.wasm"), model: fetch("kws12.silif") });
//     listener.onword = ({ word, time_s }) => console.log(time_s, word);
//     await listener.microphone();
import { KeywordSpotter, SilifError, checkThreshold, partsOf } from "./silif.js";

/** Hears on the browser's audio thread. `words`: the model's. */
export class Listener {
  /**
   * Call it from a click: browsers let pages without one neither play nor listen.
   *
   * @param wasm, model  as KeywordSpotter.open takes them
   * @param threshold    0 to 1, for all words; null: the model's own
   * @param context      an AudioContext of yours, which stays open; without it, one that `close` closes
   * @returns a promise of a Listener, rejected where the model is refused, as KeywordSpotter.open is
   */
  static async open({ wasm, model, threshold = null, context = null }) {
    if (threshold !== null) checkThreshold(threshold);
    // At once, while the click still counts as one: Safari forgets it soon.
    const own = context === null ? new AudioContext() : null;
    own?.resume().catch(() => {});
    const used = context ?? own;
    try {
      const [module, network] = await partsOf(wasm, model);
      // Here its errors can be caught; the audio thread's say nothing.
      const { sampleRate, words } = new KeywordSpotter(module, network);
      if (!sampleRate) throw new SilifError("SILIF_ERROR_NO_FRONT_END");
      // Browsers leave it out of pages that came over plain http from another machine, the microphone too.
      if (!used.audioWorklet) throw new Error("browsers let a page listen only over https, or from localhost");
      await used.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
      // All channels in one, as the commands hear them.
      const mixed = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
      const processorOptions = { module, model: network, threshold };
      const node = new AudioWorkletNode(used, "silif-listener", { ...mixed, processorOptions });
      return new Listener(used, own, node, words);
    } catch (error) {
      await own?.close();
      throw error;
    }
  }

  constructor(context, own, node, words) {
    this.context = context;
    this.words = words;
    this._own = own;
    this._node = node;
    this._source = null;
    this._stream = null;
    this._isClosed = false;
    /** Called with each event, as KeywordSpotter.process gives them. */
    this.onword = () => {};
    /** Called with the probabilities of the classes, 20 times a second. */
    this.onprobabilities = () => {};
    /** Called with an Error where the audio thread's part has ended by one, and where the microphone is gone. */
    this.onfailure = () => {};
    node.port.onmessage = ({ data }) => (data.event ? this.onword(data.event) : this.onprobabilities(data.probabilities));
    node.onprocessorerror = () => this._fail("the audio thread's part ended by an error");
  }

  _fail(message) {
    this._letGo();
    this.onfailure(new Error(message));
  }

  /** Lets go of source and microphone. */
  _letGo() {
    try {
      this._source?.disconnect(this._node); // from nothing else: it may be the caller's
    } catch {
      // The caller did it before.
    }
    this._source = null;
    this._stream?.getTracks().forEach((track) => track.stop());
    this._stream = null;
  }

  /** Listens to the microphone; rejected where the user or the browser refuses it. */
  async microphone() {
    // What makes a voice nicer for people makes it another one for a network.
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
    if (!navigator.mediaDevices) throw new Error("browsers let a page listen only over https, or from localhost");
    const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    if (this._isClosed) {
      // Closed while the browser asked the user.
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    this.hear(this.context.createMediaStreamSource(stream));
    this._stream = stream;
    for (const track of stream.getTracks()) track.onended = () => this._fail("the microphone is gone");
    await this.context.resume();
  }

  /** Listens to this node, and to nothing else. */
  hear(source) {
    if (this._isClosed) throw new Error("this listener is closed");
    this._letGo();
    this._source = source;
    source.connect(this._node);
  }

  /** Reports words from this score on, 0 to 1. */
  setThreshold(threshold) {
    checkThreshold(threshold);
    this._node.port.postMessage({ threshold });
  }

  /** Lets go of the microphone, and ends. */
  async close() {
    if (this._isClosed) return;
    this._isClosed = true;
    this._letGo();
    await this._own?.close();
  }
}
