/** Two soft tones for a new message. Browsers allow sound only after the shopper has touched the chat. */

const NOTES = [660, 880];
const NOTE_S = 0.11;
const VOLUME = 0.06;

let audio: AudioContext | undefined;

/** To be called inside a gesture. */
export function allowSound(): void {
  if (typeof AudioContext === "function") audio ??= new AudioContext();
}

export function playSound(): void {
  if (!audio) return;
  void audio.resume();
  const gain = audio.createGain();
  gain.gain.value = VOLUME;
  gain.connect(audio.destination);
  NOTES.forEach((frequency, i) => {
    const tone = audio!.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(gain);
    tone.start(audio!.currentTime + i * NOTE_S);
    tone.stop(audio!.currentTime + (i + 1) * NOTE_S);
  });
}
