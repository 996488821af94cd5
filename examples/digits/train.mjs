// Train a small neural network on handwritten digits, in plain Node: no packages, nothing to install.
// The same program as train.py, with the same dice: both train the same network. See there for what makes it a Drover run.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { crc32, deflateSync } from "node:zlib";

const CLASSES = 10;
const PIXELS = 64;

/** mulberry32. */
class Dice {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  shuffled(items) {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i -= 1) {
      const j = Math.floor(this.next() * (i + 1));
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }

  normal() {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
}

/** @returns { pixels: 64 numbers from 0 to 1, digit }[] */
function load(file) {
  const rows = readFileSync(file, "utf8").trim().split("\n").map((line) => line.split(",").map(Number));
  if (rows.some((row) => row.length !== PIXELS + 1)) throw new Error(`${file}: every line needs 64 pixels and the digit`);
  return rows.map((row) => ({ pixels: Float64Array.from(row.slice(0, PIXELS), (pixel) => pixel / 16), digit: row[PIXELS] }));
}

function newNetwork(hidden, dice) {
  const layer = (outputs, inputs) => Float64Array.from({ length: outputs * inputs }, () => dice.normal() * Math.sqrt(1 / inputs));
  return { w1: layer(hidden, PIXELS), b1: new Float64Array(hidden), w2: layer(CLASSES, hidden), b2: new Float64Array(CLASSES) };
}

const like = (network) => Object.fromEntries(Object.entries(network).map(([key, values]) => [key, new Float64Array(values.length)]));

function forward(network, pixels) {
  const size = network.b1.length;
  const hidden = new Float64Array(size);
  for (let j = 0; j < size; j += 1) {
    let sum = 0;
    for (let i = 0; i < PIXELS; i += 1) sum += network.w1[j * PIXELS + i] * pixels[i];
    hidden[j] = Math.tanh(network.b1[j] + sum);
  }
  const odds = new Float64Array(CLASSES);
  for (let k = 0; k < CLASSES; k += 1) {
    let sum = 0;
    for (let j = 0; j < size; j += 1) sum += network.w2[k * size + j] * hidden[j];
    odds[k] = network.b2[k] + sum;
  }
  const top = Math.max(...odds);
  let total = 0;
  for (let k = 0; k < CLASSES; k += 1) total += odds[k] = Math.exp(odds[k] - top);
  for (let k = 0; k < CLASSES; k += 1) odds[k] /= total;
  return { hidden, odds };
}

/** Add the gradient of one image to `gradient`. @returns its cross-entropy */
function backward(network, gradient, { pixels, digit }) {
  const { hidden, odds } = forward(network, pixels);
  const loss = -Math.log(Math.max(odds[digit], 1e-12));
  const back = new Float64Array(hidden.length);
  odds[digit] -= 1;
  for (let k = 0; k < CLASSES; k += 1) {
    gradient.b2[k] += odds[k];
    for (let j = 0; j < hidden.length; j += 1) {
      gradient.w2[k * hidden.length + j] += odds[k] * hidden[j];
      back[j] += odds[k] * network.w2[k * hidden.length + j];
    }
  }
  for (let j = 0; j < hidden.length; j += 1) {
    const delta = back[j] * (1 - hidden[j] * hidden[j]);
    gradient.b1[j] += delta;
    for (let i = 0; i < PIXELS; i += 1) gradient.w1[j * PIXELS + i] += delta * pixels[i];
  }
  return loss;
}

/** One step of gradient descent with momentum. @returns mean cross-entropy of the batch before the step */
function learn(network, velocity, batch, { learning_rate: rate, momentum }) {
  const gradient = like(network);
  let loss = 0;
  for (const image of batch) loss += backward(network, gradient, image);
  const scale = -rate / batch.length;
  for (const [key, slopes] of Object.entries(gradient)) {
    for (let i = 0; i < slopes.length; i += 1) {
      velocity[key][i] = momentum * velocity[key][i] + scale * slopes[i];
      network[key][i] += velocity[key][i];
    }
  }
  return loss / batch.length;
}

function measure(network, images) {
  let loss = 0;
  const guesses = images.map(({ pixels, digit }) => {
    const { odds } = forward(network, pixels);
    loss -= Math.log(Math.max(odds[digit], 1e-12));
    return odds.indexOf(Math.max(...odds));
  });
  const right = guesses.filter((guess, place) => guess === images[place].digit).length;
  return { loss: loss / images.length, accuracy: right / images.length, guesses };
}

/** The file is there in full or as it was before: a kill in between leaves no half of it. */
function writeWhole(file, data) {
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(`${file}.part`, "w");
  writeSync(handle, data);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.part`, file);
}

const pack = (network) => Object.fromEntries(Object.entries(network).map(([key, values]) => [key, [...values]]));
const unpack = (network) => Object.fromEntries(Object.entries(network).map(([key, values]) => [key, Float64Array.from(values)]));

function restore(file, settings) {
  if (!file || !existsSync(file)) return null;
  const saved = JSON.parse(readFileSync(file, "utf8"));
  if (JSON.stringify(saved.settings) === JSON.stringify(settings)) return { ...saved, network: unpack(saved.network), velocity: unpack(saved.velocity) };
  console.log("the checkpoint was made with other settings: starting anew");
  return null;
}

const FONT = ["###/#.#/#.#/#.#/###", ".#./##./.#./.#./###", "###/..#/###/#../###", "###/..#/.##/..#/###", "#.#/#.#/###/..#/..#", "###/#../###/..#/###", "###/#../###/#.#/###", "###/..#/.#./.#./.#.", "###/#.#/###/#.#/###", "###/#.#/###/..#/###"].map((glyph) => glyph.split("/"));

/** A PNG of the images that were read wrongly: below each, what was written (green) and what was read (red). */
function pictureOfMistakes(images, guesses) {
  const wrong = images.map(({ pixels, digit }, place) => ({ pixels, digit, guess: guesses[place] })).filter(({ digit, guess }) => digit !== guess);
  const columns = Math.max(1, Math.min(8, wrong.length));
  const width = columns * 76 + 4;
  const height = Math.max(1, Math.ceil(wrong.length / columns)) * 92 + 4;
  const canvas = Buffer.alloc(width * height * 3, 255);
  const dot = (x, y, colour) => canvas.set(colour, (y * width + x) * 3);
  const drawDigit = (digit, left, top, colour) => {
    for (let y = 0; y < 10; y += 1) for (let x = 0; x < 6; x += 1) if (FONT[digit][y >> 1][x >> 1] === "#") dot(left + x, top + y, colour);
  };
  wrong.forEach(({ pixels, digit, guess }, place) => {
    const left = 4 + (place % columns) * 76;
    const top = 4 + Math.floor(place / columns) * 92;
    for (let y = 0; y < 72; y += 1) for (let x = 0; x < 72; x += 1) dot(left + x, top + y, Array(3).fill(255 - Math.round(pixels[Math.floor(y / 9) * 8 + Math.floor(x / 9)] * 225)));
    drawDigit(digit, left + 4, top + 75, [21, 112, 63]);
    drawDigit(guess, left + 62, top + 75, [180, 35, 24]);
  });
  return png(canvas, width, height);
}

function png(canvas, width, height) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const rows = Array.from({ length: height }, (_, y) => Buffer.concat([Buffer.from([0]), canvas.subarray(y * width * 3, (y + 1) * width * 3)]));
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function writeResults(folder, images, guesses, history, settings) {
  const table = Array.from({ length: CLASSES }, () => Array(CLASSES).fill(0));
  images.forEach(({ digit }, place) => (table[digit][guesses[place]] += 1));
  const rows = [["written", ...table.map((_, k) => `read ${k}`)], ...table.map((row, digit) => [digit, ...row])];
  writeWhole(join(folder, "confusion.csv"), `${rows.map((row) => row.join(",")).join("\n")}\n`);
  writeWhole(join(folder, "metrics.json"), JSON.stringify({ settings, final: history.at(-1), history }, null, 2));
  writeWhole(join(folder, "misread.png"), pictureOfMistakes(images, guesses));
}

const report = (values) => console.log(`drover: ${JSON.stringify(values)}`);
const rounded = (value) => Number(value.toFixed(6));

const DEFAULTS = { epochs: 200, hidden: 256, batch_size: 32, learning_rate: 0.02, momentum: 0.9, seed: 7 };

/** Defaults, then the run's parameters (DROVER_PARAMS), then the command line. */
function readSettings() {
  const given = JSON.parse(process.env.DROVER_PARAMS || "{}");
  const flags = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name.replace("_", "-"), { type: "string" }]));
  const { values } = parseArgs({ options: { ...flags, out: { type: "string", default: "out" } } });
  const settings = Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, Number(values[name.replace("_", "-")] ?? given[name] ?? value)]));
  return { out: values.out, settings };
}

async function main() {
  const { out, settings } = readSettings();
  const images = new Dice(settings.seed).shuffled(load(join(import.meta.dirname, "digits.csv")));
  const split = Math.floor((images.length * 4) / 5);
  const training = images.slice(0, split);
  const testing = images.slice(split);
  const checkpoint = process.env.DROVER_CHECKPOINT_DIR && join(process.env.DROVER_CHECKPOINT_DIR, "checkpoint.json");

  const fresh = () => {
    const network = newNetwork(settings.hidden, new Dice(settings.seed + 1));
    return { network, velocity: like(network), history: [], losses: [], epoch: 0, batch: 0 };
  };
  const saved = restore(checkpoint, settings);
  const state = saved ?? fresh();
  if (saved) console.log(`resumed from ${checkpoint}: epoch ${state.epoch + 1}, batch ${state.batch + 1}`);
  console.log(`attempt ${process.env.DROVER_ATTEMPT ?? 1}: ${training.length} images to learn from, ${testing.length} to measure, ${JSON.stringify(settings)}`);
  const save = () => {
    if (checkpoint) writeWhole(checkpoint, JSON.stringify({ ...state, settings, network: pack(state.network), velocity: pack(state.velocity) }));
  };

  let asked = false;
  process.on("SIGTERM", () => (asked = true)); // seen between two batches: a step is whole, or it did not happen

  const perEpoch = Math.ceil(training.length / settings.batch_size);
  for (; state.epoch < settings.epochs; state.epoch += 1, state.batch = 0, state.losses = [], save()) {
    const began = performance.now();
    const order = new Dice(settings.seed * 1000 + state.epoch).shuffled(training); // of the epoch alone, so a resumed one goes on alike
    while (state.batch < perEpoch) {
      const loss = learn(state.network, state.velocity, order.slice(state.batch * settings.batch_size, (state.batch + 1) * settings.batch_size), settings);
      state.losses.push(loss);
      state.batch += 1;
      const step = state.epoch * perEpoch + state.batch;
      if (step % 5 === 0) report({ batch_loss: rounded(loss), step });
      if (state.batch % 9 === 0) process.stderr.write(`\repoch ${state.epoch + 1}/${settings.epochs} [${"#".repeat((state.batch * 20) / perEpoch).padEnd(20)}]`);
      await new Promise((resolve) => setImmediate(resolve)); // lets a signal in
      if (!asked) continue;
      save();
      console.log(`asked to stop: saved at epoch ${state.epoch + 1}, batch ${state.batch}`);
      process.exit(143);
    }
    const { loss, accuracy } = measure(state.network, testing);
    const train_loss = state.losses.reduce((sum, value) => sum + value, 0) / state.losses.length;
    state.history.push({ epoch: state.epoch + 1, train_loss, loss, accuracy });
    process.stderr.write(`\repoch ${state.epoch + 1}/${settings.epochs} [${"#".repeat(20)}] ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    console.log(`epoch ${String(state.epoch + 1).padStart(3)}  loss ${loss.toFixed(4)}  accuracy ${(accuracy * 100).toFixed(1)}%`);
    report({ epoch: state.epoch + 1, step: (state.epoch + 1) * perEpoch, train_loss: rounded(train_loss), loss: rounded(loss), accuracy: rounded(accuracy) });
  }

  const { accuracy, guesses } = measure(state.network, testing);
  writeResults(out, testing, guesses, state.history, settings);
  console.log(`done: ${(accuracy * 100).toFixed(1)}% of ${testing.length} unseen images read right; results in ${out}/`);
}

await main();
