"""A skeleton as a graph: chains of voxels between the places where they meet (nodes) or end, without spurs."""

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from ...core.progress import SILENT, Progress
from ..common.thinning import thinned


@dataclass
class Chain:
    """Voxels (n, 3; z, y, x) in order, and the nodes that they run between: (first, last), 0 for a free end."""

    voxels: np.ndarray
    nodes: tuple[int, int]
    closed: bool = False


@dataclass
class SkeletonGraph:
    """The chains, and of each node (from 1) its voxels (n, 3; z, y, x)."""

    chains: list[Chain] = field(default_factory=list)
    nodes: dict[int, np.ndarray] = field(default_factory=dict)


def graph_of(skeleton: np.ndarray) -> SkeletonGraph:
    """Graph of a one voxel wide skeleton (bool; z, y, x). Voxels with three or more neighbors make the nodes."""
    around = np.ones((3, 3, 3))
    neighbors = ndimage.correlate(skeleton.astype(np.uint8), around.astype(np.uint8), mode="constant") - 1
    junctions = skeleton & (neighbors > 2)
    node_of, _ = ndimage.label(junctions, around)
    chain_of, _ = ndimage.label(skeleton & ~junctions, around)
    graph = SkeletonGraph()
    for number, box in enumerate(ndimage.find_objects(node_of), 1):
        graph.nodes[number] = np.argwhere(node_of[box] == number) + [s.start for s in box]
    padded = np.pad(node_of, 1)
    for number, box in enumerate(ndimage.find_objects(chain_of), 1):
        voxels = np.argwhere(chain_of[box] == number) + [s.start for s in box]
        graph.chains.append(_chain(voxels, padded))
    return graph


def _chain(voxels: np.ndarray, node_of: np.ndarray) -> Chain:
    """The voxels of one chain in order. node_of: node numbers, padded by one voxel."""
    index = {tuple(v): i for i, v in enumerate(voxels.tolist())}
    links = [[j for j in _around(v, index) if j != i] for i, v in enumerate(voxels.tolist())]
    touching = [_nodes_beside(v, node_of) for v in voxels]
    ends = [i for i, beside in enumerate(links) if len(beside) < 2]
    start = ends[0] if ends else 0
    order, seen = [start], {start}
    while True:
        onward = [j for j in links[order[-1]] if j not in seen]
        if not onward:
            break
        order.append(onward[0])
        seen.add(onward[0])
    first, last = touching[order[0]], touching[order[-1]]
    if len(order) == 1:  # both ends are at one voxel
        nodes = (first[0] if first else 0, first[1] if len(first) > 1 else 0)
    else:
        nodes = (first[0] if first else 0, last[0] if last else 0)
    return Chain(voxels[order], nodes, closed=not ends and len(order) > 2)


def _around(voxel: list[int], index: dict[tuple[int, ...], int]) -> list[int]:
    z, y, x = voxel
    return [
        index[key]
        for dz in (-1, 0, 1)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (key := (z + dz, y + dy, x + dx)) in index
    ]


def _nodes_beside(voxel: np.ndarray, node_of: np.ndarray) -> list[int]:
    z, y, x = voxel
    return [int(n) for n in np.unique(node_of[z : z + 3, y : y + 3, x : x + 3]) if n]


def pruned(
    skeleton: np.ndarray, depth: np.ndarray, spacing: np.ndarray, radii: float, progress: Progress = SILENT
) -> np.ndarray:
    """The skeleton without spurs: chains with a free end that do not reach out of the tube that they leave.

    depth: mm to the border of the region; spacing: mm (z, y, x); radii: a spur is shorter than this many times the
    depth at its node and a voxel, by which a digital surface is rough. The shortest spur of a node goes first, and what
    is left is looked at anew.
    """
    skeleton = skeleton.copy()
    bump = max((s for s, n in zip(spacing, skeleton.shape, strict=True) if n > 1), default=0.0)
    while radii > 0:
        progress.check()
        graph = graph_of(skeleton)
        shortest: dict[int, tuple[float, Chain]] = {}
        for chain in graph.chains:
            if chain.closed or (chain.nodes[0] == 0) == (chain.nodes[1] == 0):
                continue
            node = max(chain.nodes)
            voxels = graph.nodes[node]
            reach = depth[tuple(voxels.T)].max()
            length = _length(chain, node, voxels, spacing)
            if length < radii * reach + bump and length < shortest.get(node, (np.inf, chain))[0]:
                shortest[node] = (length, chain)
        if not shortest:
            break
        for _, chain in shortest.values():
            skeleton[tuple(chain.voxels.T)] = False
        # the node may be thicker than a line now
        skeleton = thinned(skeleton, tuple(spacing))
    return skeleton


def _length(chain: Chain, node: int, node_voxels: np.ndarray, spacing: np.ndarray) -> float:
    """From the middle of the node to the free end, in a straight line."""
    end = chain.voxels[-1] if chain.nodes[0] == node else chain.voxels[0]
    return float(np.linalg.norm((end - node_voxels.mean(axis=0)) * spacing))
