/** The answer for the largest number from `least` to `most` that has one, where a number has none once a smaller one has none. Null where `least` has none. */
export function largestOf<Answer>(least: number, most: number, answerFor: (size: number) => Answer | null): Answer | null {
  let best = answerFor(most);
  if (best !== null || least >= most) return best;
  best = answerFor(least);
  let [has, hasNot] = [least, most];
  while (best !== null && hasNot - has > 1) {
    const middle = Math.floor((has + hasNot) / 2);
    const found = answerFor(middle);
    if (found === null) hasNot = middle;
    else [best, has] = [found, middle];
  }
  return best;
}
