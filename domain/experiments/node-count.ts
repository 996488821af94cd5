// Apart from the spec's schema: pages that only show a run do not load that.

/** On how many nodes a run starts at the least. A spec may be older than the field. */
export const fewestNodes = ({ nodes, minNodes }: { nodes: number; minNodes?: number | null }): number => minNodes ?? nodes;
/** Whether it takes what is free between two numbers of nodes. */
export const isElastic = (resources: { nodes: number; minNodes?: number | null }): boolean => fewestNodes(resources) < resources.nodes;
