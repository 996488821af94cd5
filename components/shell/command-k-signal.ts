const NAME = "drover:command-k";

/** Ask for cmd-k from anywhere; whether it is loaded already is its own business. */
export const openCommandK = (): void => void document.dispatchEvent(new Event(NAME));

/** Returns the way to stop listening. */
export function onCommandK(listener: () => void): () => void {
  document.addEventListener(NAME, listener);
  return () => document.removeEventListener(NAME, listener);
}
