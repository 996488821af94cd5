interface Held {
  nodeNames: readonly string[];
  /** Known where the agent itself hands them out. */
  acceleratorIndexes: readonly number[];
  /** Of each node. */
  gpus: number;
}

/**
 * Which accelerators an attempt holds, as `<node>/<index>`. A scheduler says how many of each node it gave, not which: those of a node
 * are known only where the attempt has all of them. Of a node that it shares there are none: a neighbour's use would be shown as its own.
 * @param indexesOf Indexes of all accelerators of a node.
 */
export function heldAccelerators({ nodeNames, acceleratorIndexes, gpus }: Held, indexesOf: (node: string) => readonly number[]): string[] {
  const [node] = nodeNames;
  if (node !== undefined && nodeNames.length === 1 && acceleratorIndexes.length > 0) return acceleratorIndexes.map((index) => `${node}/${index}`);
  return nodeNames.flatMap((name) => {
    const indexes = indexesOf(name);
    return gpus > 0 && indexes.length === gpus ? indexes.map((index) => `${name}/${index}`) : [];
  });
}
