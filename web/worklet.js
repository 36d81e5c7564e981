// Hears on the browser's audio thread, in blocks of 128 samples, and posts what it heard: nothing waits for the page.
import { Resampler } from "./resampler.js";
import { KeywordSpotter } from "./silif.js";

const PICTURE_S = 0.05; // from one picture of the probabilities to the next

class Listener extends AudioWorkletProcessor {
  constructor({ processorOptions: { module, model, threshold } }) {
    super();
    this.spotter = new KeywordSpotter(module, model);
    if (threshold !== null) this.spotter.setThreshold(threshold);
    this.resampler = new Resampler(sampleRate, this.spotter.sampleRate);
    this.heard = 0;
    this.port.onmessage = ({ data }) => this.spotter.setThreshold(data.threshold);
  }

  process([[sound]]) {
    if (!sound) return true; // nothing is connected
    // A filter that went wrong makes sound that is no number, and its echo would never end.
    if (!sound.every(Number.isFinite)) sound.fill(0);
    for (const event of this.spotter.process(this.resampler.process(sound))) this.port.postMessage({ event });
    this.heard += sound.length;
    if (this.heard >= PICTURE_S * sampleRate) {
      this.heard = 0;
      this.port.postMessage({ probabilities: this.spotter.probabilities() });
    }
    return true;
  }
}

registerProcessor("silif-listener", Listener);
