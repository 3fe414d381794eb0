// The audio worklet: a deck that the page loads with pieces and tells what to do.

import { Curves, Deck } from "./mixer.js";

const REPORTS_PER_SECOND = 30;

class LimelightDeck extends AudioWorkletProcessor {
  constructor(options) {
    super();
    const { index, curves, ceilingDb } = options.processorOptions;
    this.deck = new Deck({ index, curves: new Curves(curves), ceilingDb });
    this.last = 0;
    this.over = false;
    this.port.onmessage = ({ data }) => this.told(data);
  }

  told(message) {
    const { deck } = this;
    if (message.piece !== undefined) deck.pieces.set(message.piece, message.parts);
    if (message.drop) for (const number of message.drop) deck.pieces.delete(number);
    if (message.curve) deck.mixer.curves.curves[message.curve.stem].set(message.curve.values, message.curve.from);
    if (message.desk) deck.mixer.set(message.desk, message.now);
    if (message.seek !== undefined) deck.seek(message.seek);
    if (message.play !== undefined) {
      deck.play(message.play);
      this.over = false;
    }
    if (message.echo !== undefined) this.port.postMessage({ echo: message.echo });
  }

  process(_inputs, [output]) {
    const over = this.deck.pull(output);
    if (over && !this.over && this.deck.playing) {
      this.deck.play(false);
      this.port.postMessage({ over: true });
    }
    this.over = over;
    if (currentTime - this.last > 1 / REPORTS_PER_SECOND) {
      this.last = currentTime;
      const { heardAt, playing, starved, wanted } = this.deck;
      this.port.postMessage({ at: wanted ?? heardAt, time: currentTime, playing, starved });
    }
    return true;
  }
}

registerProcessor("limelight-deck", LimelightDeck);
