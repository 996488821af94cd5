/**
 * Runs to offer for a text. Until the server has answered for this very one, those of the answer before that it names, too: Enter
 * opens the first that is offered, and must not open what was found for fewer letters.
 */
export function foundSoFar<Run extends { id: string; name: string }>(runs: readonly Run[], text: string, isCurrent: boolean): Run[] {
  const wanted = text.toLowerCase();
  return isCurrent ? [...runs] : runs.filter(({ id, name }) => name.toLowerCase().includes(wanted) || id === text);
}
